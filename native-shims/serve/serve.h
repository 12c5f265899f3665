/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service's sockets: stream sockets of unix, which never block; -EAGAIN where they would. All functions return a
 * value >= 0 or -errno.
 */
#ifndef DMFD_SERVE_H
#define DMFD_SERVE_H

#include "dmfd.h"

/* The most descriptors that go with one part of a message, either way. */
#define DMFD_MESSAGE_FDS 32

/* Why another process is not the equal of this one. */
enum dmfd_inequality {
	DMFD_INEQUALITY_UNSEEN = 1, /* it has ended, or /proc does not tell of it here */
	DMFD_INEQUALITY_USER,
	DMFD_INEQUALITY_CAPABILITIES,
	DMFD_INEQUALITY_FILTER, /* by seccomp */
	DMFD_INEQUALITY_NAMESPACE,
	DMFD_INEQUALITY_ROOT,
};

/* The events of a descriptor that is watched. */
struct dmfd_ready {
	uint32_t tag;
	uint32_t events; /* of epoll(7) */
};

/* Descriptors that go with a part of a message. */
struct dmfd_passed {
	uint32_t count;
	int32_t fds[DMFD_MESSAGE_FDS];
};

/* listen.c */
DMFD_EXPORT int dmfd_listen(int directory, const char *name);
DMFD_EXPORT int dmfd_accept(int listener);

/* message.c */
DMFD_EXPORT int dmfd_receive_part(int connection, char *bytes, uint32_t size, struct dmfd_passed *passed);
DMFD_EXPORT int dmfd_send_part(int connection, const char *bytes, uint32_t size, const struct dmfd_passed *passed);

/*
 * equal.c: the pid of the process that connected, if that may do all that this process may, and where this process does
 * it; or a negative enum dmfd_inequality
 */
DMFD_EXPORT int dmfd_equal_peer(int connection);

/* watch.c */
DMFD_EXPORT int dmfd_watcher(void);
DMFD_EXPORT int dmfd_watch(int watcher, int fd, uint32_t tag, uint32_t events);
DMFD_EXPORT int dmfd_unwatch(int watcher, int fd);
DMFD_EXPORT int dmfd_wait_ready(int watcher, struct dmfd_ready *ready, uint32_t room);

#endif
