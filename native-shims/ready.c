/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "ready.h"

#include "dmfd.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

int64_t dmfd_limit_after(int64_t timeout_ms)
{
	return timeout_ms < 0 ? DMFD_FOR_EVER : now() + timeout_ms;
}

int dmfd_wait_for(int fd, short events, int64_t limit)
{
	struct pollfd wanted = { .fd = fd, .events = events };
	int ready;

	do {
		int64_t left = limit == DMFD_FOR_EVER ? -1 : limit - now();

		if (limit != DMFD_FOR_EVER && left < 0)
			left = 0;
		ready = poll(&wanted, 1, (int)left);
	} while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return -errno;
	return ready == 0 ? -ETIMEDOUT : 0;
}

/* 1 when a read would not wait: there is something, an end, or an error; 0 when the time is up. */
int dmfd_wait_readable(int fd, int timeout_ms)
{
	int error = dmfd_wait_for(fd, POLLIN, dmfd_limit_after(timeout_ms));

	return error == -ETIMEDOUT ? 0 : error ? error : 1;
}
