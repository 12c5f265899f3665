/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "source.h"

#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

int dmfd_key_make(uint8_t *key, uint32_t size)
{
	uint32_t at = 0;

	if (size == 0)
		return -ENODATA;
	if (size > DMFD_KEY_MAX)
		return -EMSGSIZE;
	while (at < size) {
		/*
		 * Waits until the kernel has entropy enough, early in a boot. Not by getrandom(3): since glibc 2.41,
		 * that makes the bytes in ordinary memory of this process and takes a lock that another thread may have
		 * held when this process was cloned.
		 */
		long got = syscall(SYS_getrandom, key + at, (size_t)(size - at), 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		at += (uint32_t)got;
	}
	return 0;
}

/* Until there is something to read; -ECANCELED when the other end of the socket was closed. */
static int wait_for_input(int fd, int socket)
{
	struct pollfd both[] = { { .fd = fd, .events = POLLIN }, { .fd = socket, .events = POLLIN } };

	while (poll(both, 2, -1) < 0)
		if (errno != EINTR)
			return -errno;
	return both[1].revents ? -ECANCELED : 0;
}

int dmfd_key_read(uint8_t *key, uint32_t *size, int fd, int socket)
{
	*size = 0;
	while (*size < DMFD_KEY_ROOM) {
		int error = wait_for_input(fd, socket);
		ssize_t got;

		if (error)
			return error;
		got = read(fd, key + *size, DMFD_KEY_ROOM - *size);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return *size ? 0 : -ENODATA;
		*size += (uint32_t)got;
	}
	return -EMSGSIZE;
}
