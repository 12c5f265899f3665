/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "send.h"

#include "fd.h"

#include <fcntl.h>
#include <poll.h>
#include <time.h>

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int wait_for_hangup(int reader, uint32_t timeout_ms)
{
	const int64_t limit = now_ms() + timeout_ms;

	for (;;) {
		struct pollfd end = { .fd = reader };
		int64_t left = limit - now_ms();
		int ready = poll(&end, 1, left > 0 ? (int)left : 0);

		if (ready > 0)
			return 0;
		if (ready == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

/*
 * Returns when the manager has handled all earlier messages: it gets one end of a pipe, and closes it when it comes to
 * this message. Managers that know BARRIER do so by protocol; others (systemd before 246) close every descriptor that
 * comes with a message they do not know. 0; -ETIMEDOUT; or the socket's -errno.
 */
int dmfd_notify_barrier(int connection, uint32_t timeout_ms)
{
	static const char word[] = "BARRIER=1";
	int ends[2], sent;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;

	DMFD_AUTO_FD reader = ends[0];
	DMFD_AUTO_FD writer = ends[1];

	sent = dmfd_send(connection, word, sizeof(word) - 1, writer);
	dmfd_close_fd(&writer);
	return sent < 0 ? sent : wait_for_hangup(reader, timeout_ms);
}
