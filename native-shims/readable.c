/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dmfd.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <time.h>

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 1 when a read would not wait: there is something, an end, or an error; 0 when the time is up. */
int dmfd_wait_readable(int fd, int timeout_ms)
{
	const int64_t limit = milliseconds() + timeout_ms;
	struct pollfd wanted = { .fd = fd, .events = POLLIN };
	int64_t left = timeout_ms;
	int ready;

	while ((ready = poll(&wanted, 1, (int)left)) < 0 && errno == EINTR) {
		left = limit - milliseconds();
		if (left < 0)
			left = 0;
	}
	return ready < 0 ? -errno : ready;
}
