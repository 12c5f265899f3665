/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_KEY_SOURCE_H
#define DMFD_KEY_SOURCE_H

#include "dmfd.h"

/* Bytes that the memory for a key has: one more than the longest, to see that one is longer. */
#define DMFD_KEY_ROOM (DMFD_KEY_MAX + 1)

/* A random one of that size. 0 or -errno. */
int dmfd_key_make(uint8_t *key, uint32_t size);

/*
 * All that fd has to read. 0, -ENODATA when that is nothing, -EMSGSIZE when it is more than DMFD_KEY_MAX, -ECANCELED when
 * the other end of the socket was closed meanwhile, or another -errno.
 */
int dmfd_key_read(uint8_t *key, uint32_t *size, int fd, int socket);

#endif
