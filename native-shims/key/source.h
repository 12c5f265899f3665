/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_KEY_SOURCE_H
#define DMFD_KEY_SOURCE_H

#include "dmfd.h"

/* Bytes of memory for a key: one more than the longest has, to see that a key is longer. */
#define DMFD_KEY_ROOM (DMFD_KEY_MAX + 1)

/* Makes a random key of that size. 0 or -errno. */
int dmfd_key_make(uint8_t *key, uint32_t size);

/*
 * Reads fd to its end. 0, -ENODATA when there is nothing to read, -EMSGSIZE for more than DMFD_KEY_MAX bytes,
 * -ECANCELED when the other end of the socket was closed meanwhile, or another -errno.
 */
int dmfd_key_read(uint8_t *key, uint32_t *size, int fd, int socket);

#endif
