/* SPDX-License-Identifier: Apache-2.0 */
/* Sends a descriptor to another process. An address is a path, or @ and an abstract name. All return >= 0 or -errno. */
#ifndef DMFD_SEND_H
#define DMFD_SEND_H

#include "dmfd.h"

/* The uid of nobody. */
#define DMFD_OWNER_UNKNOWN UINT32_MAX

/* send.c */
DMFD_EXPORT int dmfd_connect(const char *address, uint32_t datagrams, uint32_t timeout_ms, uint32_t *owner);
DMFD_EXPORT int dmfd_send(int connection, const char *payload, uint32_t size, int fd);
DMFD_EXPORT int dmfd_unread(int connection);

/* notify.c */
DMFD_EXPORT int dmfd_notify_barrier(int connection, uint32_t timeout_ms);

#endif
