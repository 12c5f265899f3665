/* SPDX-License-Identifier: Apache-2.0 */
/* Unix sockets, for sending a descriptor. */
#ifndef DMFD_UNIX_H
#define DMFD_UNIX_H

#include <stddef.h>
#include <stdint.h>

/*
 * Connects. Returns a blocking socket or -errno; -EAGAIN when the server's queue was full until the time-out. *owner is
 * the uid of the process that listens, or for datagrams of the socket's file; DMFD_OWNER_UNKNOWN: it cannot be known.
 */
int dmfd_connect_unix(const char *address, int type, uint32_t timeout_ms, uint32_t *owner);

#endif
