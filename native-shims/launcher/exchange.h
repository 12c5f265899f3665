/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_LAUNCHER_EXCHANGE_H
#define DMFD_LAUNCHER_EXCHANGE_H

#include "warm/warm.h"

#include <sys/uio.h>

/* Without a limit, as long as the other end is there. */
#define DMFD_FOR_EVER (-1)

/* Milliseconds, of the clock that limits are told on. */
int64_t dmfd_clock(void);

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
