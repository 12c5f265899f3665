/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "source.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

int dmfd_key_make(uint8_t *key, uint32_t size)
{
	if (size == 0)
		return -ENODATA;
	return size > DMFD_KEY_MAX ? -EMSGSIZE : dmfd_random(key, size);
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
