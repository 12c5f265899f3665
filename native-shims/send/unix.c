/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "unix.h"

#include "fd.h"
#include "portable.h"
#include "send.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

/*
 * The path leads through a descriptor of the socket's file, *pinned, for two reasons: it may be too long for an
 * address, and the file that is connected to has to be the one that is asked for its owner.
 */
static int fill_path(struct sockaddr_un *name, const char *path, int *pinned)
{
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
		return fill_path(name, address, pinned);
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

/* Abstract names have no file, and datagrams no process at the other end that the kernel tells of. */
static int owner_of(int connection, int type, int pinned, uint32_t *owner)
{
	struct ucred listener;
	socklen_t size = sizeof(listener);
	struct stat file;

	*owner = DMFD_OWNER_UNKNOWN;
	if (type == SOCK_DGRAM && pinned < 0)
		return 0;
	if (type == SOCK_DGRAM) {
		if (dmfd_fstat(pinned, &file) < 0)
			return -errno;
		*owner = file.st_uid;
		return 0;
	}
	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &listener, &size) < 0)
		return -errno;
	*owner = listener.uid;
	return 0;
}

int dmfd_connect_unix(const char *address, int type, uint32_t timeout_ms, uint32_t *owner)
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
	error = owner_of(connection, type, pinned, owner);
	return error ? error : dmfd_steal_fd(&connection);
}
