/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "unix.h"

#include "fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

/* A path that does not fit is replaced by one through a descriptor of the socket's file, *pinned. */
static int fill_path(struct sockaddr_un *name, const char *path, size_t length, int *pinned)
{
	if (length < sizeof(name->sun_path)) {
		memcpy(name->sun_path, path, length);
		return 0;
	}
	*pinned = open(path, O_PATH | O_CLOEXEC);
	if (*pinned < 0)
		return -errno;
	snprintf(name->sun_path, sizeof(name->sun_path), "/proc/self/fd/%d", *pinned);
	return 0;
}

/* "@NAME" is the abstract NAME, whose length counts: it has no NUL at its end. */
static int fill_address(struct sockaddr_un *name, const char *address, socklen_t *length, int *pinned)
{
	size_t characters = strlen(address);

	memset(name, 0, sizeof(*name));
	name->sun_family = AF_UNIX;
	*length = sizeof(*name);
	if (characters == 0)
		return -ENOENT;
	if (address[0] != '@')
		return fill_path(name, address, characters, pinned);
	if (characters > sizeof(name->sun_path))
		return -ENAMETOOLONG;
	memcpy(name->sun_path + 1, address + 1, characters - 1);
	*length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + characters);
	return 0;
}

/* The limit holds for connecting and for sending. */
static int open_socket(int type, uint32_t timeout_ms)
{
	struct timeval limit = { .tv_sec = timeout_ms / 1000, .tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000 };
	DMFD_AUTO_FD connection = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (connection < 0 || setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		return -errno;
	return dmfd_steal_fd(&connection);
}

int dmfd_connect_unix(const char *address, int type, uint32_t timeout_ms)
{
	DMFD_AUTO_FD connection = -1;
	DMFD_AUTO_FD pinned = -1;
	struct sockaddr_un name;
	socklen_t length;
	int error;

	error = fill_address(&name, address, &length, &pinned);
	if (error)
		return error;
	connection = open_socket(type, timeout_ms);
	if (connection < 0)
		return connection;
	while (connect(connection, (struct sockaddr *)&name, length) < 0)
		if (errno != EINTR)
			return -errno;
	return dmfd_steal_fd(&connection);
}

int dmfd_send_with_fd(int connection, const char *bytes, size_t size, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	size_t sent = 0;

	memset(&control, 0, sizeof(control));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	if (size == 0)
		return -EINVAL;
	while (sent < size) {
		struct iovec rest = { .iov_base = (char *)bytes + sent, .iov_len = size - sent };
		struct msghdr message = { .msg_iov = &rest, .msg_iovlen = 1 };
		ssize_t count;

		if (sent == 0) {
			message.msg_control = &control;
			message.msg_controllen = sizeof(control);
		}
		count = sendmsg(connection, &message, MSG_NOSIGNAL);
		if (count >= 0)
			sent += (size_t)count;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}
