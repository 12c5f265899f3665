/* SPDX-License-Identifier: Apache-2.0 */
/* Unix sockets, for sending a descriptor. */
#ifndef DMFD_UNIX_H
#define DMFD_UNIX_H

#include <stddef.h>
#include <stdint.h>

/* Connects. Returns a blocking socket or -errno; -EAGAIN when the server's queue was full until the time-out. */
int dmfd_connect_unix(const char *address, int type, uint32_t timeout_ms);

/* Sends all of the bytes, at least one, and the descriptor with the first of them. 0 or -errno. */
int dmfd_send_with_fd(int connection, const char *bytes, size_t size, int fd);

#endif
