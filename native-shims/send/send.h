/* SPDX-License-Identifier: Apache-2.0 */
/* Sends a descriptor to another process. An address is a path, or @ and an abstract name. All return >= 0 or -errno. */
#ifndef DMFD_SEND_H
#define DMFD_SEND_H

#include "dmfd.h"

/* notify.c */
DMFD_EXPORT int dmfd_notify(const char *address, const char *message, uint32_t size, int fd, uint32_t timeout_ms);
DMFD_EXPORT int dmfd_notify_barrier(const char *address, uint32_t timeout_ms);

/* send.c */
DMFD_EXPORT int dmfd_send(const char *address, const char *payload, uint32_t size, int fd, uint32_t timeout_ms);
DMFD_EXPORT int dmfd_unread(int connection);

#endif
