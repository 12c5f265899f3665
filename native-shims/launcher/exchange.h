/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_LAUNCHER_EXCHANGE_H
#define DMFD_LAUNCHER_EXCHANGE_H

#include "ready.h"
#include "warm/warm.h"

#include <sys/uio.h>

/* The descriptor, under a number that is no standard stream's: one that the caller had closed stays closed. -1, errno.
 */
int dmfd_above_streams(int fd);

/* Descriptors that came with a message: none of them 0, 1 or 2, which may be closed here. */
struct dmfd_received {
	int fds[DMFD_RECEIVED_MAX];
	uint32_t count;
};

/*
 * Reads so many bytes from a connection that does not block. 0; -ECONNRESET at an end before, -ETIMEDOUT, -errno.
 * Descriptors are taken where there is room for them.
 */
int dmfd_receive(int connection, void *bytes, size_t size, int64_t limit, struct dmfd_received *received);
void dmfd_close_received(struct dmfd_received *received);

/* Writes all of it, likewise, with a descriptor (-1: none). */
int dmfd_send_all(int connection, const struct iovec *parts, size_t count, int fd, int64_t limit);

#endif
