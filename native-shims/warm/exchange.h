/* SPDX-License-Identifier: Apache-2.0 */
/* How both ends send and receive: the parts of a message whole, and not for longer than until a limit. */
#ifndef DMFD_WARM_EXCHANGE_H
#define DMFD_WARM_EXCHANGE_H

#include "ready.h"
#include "warm.h"

#include <sys/uio.h>

/* Milliseconds: no launcher that lives takes so long to read or to write what fits its socket's buffer. */
#define DMFD_LAUNCHER_PATIENCE 2000

/* The descriptor, under a number that is no standard stream's: one that the caller had closed stays closed. -1, errno.
 */
int dmfd_above_streams(int fd);

/* Descriptors that came with a message: none of them 0, 1 or 2, which may be closed here. */
struct dmfd_received {
	int fds[DMFD_RECEIVED_MAX];
	uint32_t count;
};

/*
 * Reads so many bytes. 0; -ECONNRESET at an end before, -ETIMEDOUT, -errno. Descriptors are taken where there is room
 * for them; -EMFILE when one was lost.
 */
int dmfd_receive(int connection, void *bytes, size_t size, int64_t limit, struct dmfd_received *received);
void dmfd_close_received(struct dmfd_received *received);

/* Writes all of it, likewise, with descriptors that go with the first byte. */
int dmfd_send_all(int connection, const struct iovec *parts, size_t count, const int *fds, uint32_t fd_count,
		  int64_t limit);

#endif
