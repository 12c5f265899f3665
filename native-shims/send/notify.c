/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "send.h"

#include "fd.h"
#include "unix.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

/*
 * Sends one message to a service manager, with a descriptor. The manager reads it later and does not answer: see the
 * barrier. 0 or the socket's -errno.
 */
int dmfd_notify(const char *address, const char *message, uint32_t size, int fd, uint32_t timeout_ms)
{
	DMFD_AUTO_FD connection = dmfd_connect_unix(address, SOCK_DGRAM, timeout_ms);

	return connection < 0 ? connection : dmfd_send_with_fd(connection, message, size, fd);
}

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
int dmfd_notify_barrier(const char *address, uint32_t timeout_ms)
{
	static const char word[] = "BARRIER=1";
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;

	DMFD_AUTO_FD reader = ends[0];
	DMFD_AUTO_FD writer = ends[1];

	error = dmfd_notify(address, word, sizeof(word) - 1, writer, timeout_ms);
	dmfd_close_fd(&writer);
	return error ? error : wait_for_hangup(reader, timeout_ms);
}
