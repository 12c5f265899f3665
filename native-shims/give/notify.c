/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "give.h"
#include "unix.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * One message to a service manager, with a descriptor. The manager reads it later and says nothing: see the barrier.
 * 0 or -errno, as the socket says.
 */
int dmfd_notify(const char *address, const char *message, uint32_t size, int fd, uint32_t timeout_ms)
{
	int connection = dmfd_connect_unix(address, SOCK_DGRAM, timeout_ms);
	int error;

	if (connection < 0)
		return connection;
	error = dmfd_send_with_fd(connection, message, size, fd);
	close(connection);
	return error;
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
 * Returns when the manager has dealt with all messages before: it gets one end of a pipe and closes it when its turn
 * comes. Managers that know the word answer it so, and those that do not (systemd before 246) close what they are given
 * unasked. 0; -ETIMEDOUT; another -errno, as the socket says.
 */
int dmfd_notify_barrier(const char *address, uint32_t timeout_ms)
{
	static const char word[] = "BARRIER=1";
	int ends[2];
	int error;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	error = dmfd_notify(address, word, sizeof(word) - 1, ends[1], timeout_ms);
	close(ends[1]);
	if (!error)
		error = wait_for_hangup(ends[0], timeout_ms);
	close(ends[0]);
	return error;
}
