/* SPDX-License-Identifier: Apache-2.0 */
/* Which of many descriptors are ready: epoll(7), where each is told of once, until it is watched again. */
#define _GNU_SOURCE
#include "serve.h"

#include <errno.h>
#include <sys/epoll.h>

enum { AT_ONCE = 64 };

int dmfd_watcher(void)
{
	int watcher = epoll_create1(EPOLL_CLOEXEC);

	return watcher < 0 ? -errno : watcher;
}

/* From now on, for one time; a hang-up is always among the events. */
int dmfd_watch(int watcher, int fd, uint32_t tag, uint32_t events)
{
	struct epoll_event event = { .events = events | EPOLLONESHOT, .data = { .u32 = tag } };
	int result = epoll_ctl(watcher, EPOLL_CTL_MOD, fd, &event);

	if (result < 0 && errno == ENOENT)
		result = epoll_ctl(watcher, EPOLL_CTL_ADD, fd, &event);
	return result < 0 ? -errno : 0;
}

/* To be called before the descriptor is closed: a process may have a copy for a moment. */
int dmfd_unwatch(int watcher, int fd)
{
	struct epoll_event unused = { 0 };

	return epoll_ctl(watcher, EPOLL_CTL_DEL, fd, &unused) < 0 ? -errno : 0;
}

/* Waits until something is ready; returns how many are. */
int dmfd_wait_ready(int watcher, struct dmfd_ready *ready, uint32_t room)
{
	struct epoll_event events[AT_ONCE];
	int count;

	do
		count = epoll_wait(watcher, events, room < AT_ONCE ? (int)room : AT_ONCE, -1);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++)
		ready[i] = (struct dmfd_ready){ .tag = events[i].data.u32, .events = events[i].events };
	return count;
}
