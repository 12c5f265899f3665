/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "serve.h"

#include "fd.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { BACKLOG = 128 };

/*
 * Listens at a new socket in an open directory, whose path may be longer than an address. Only its owner may connect:
 * the file is never there with another mode. Returns the socket; -EADDRINUSE when something of that name is there.
 */
int dmfd_listen(int directory, const char *name)
{
	DMFD_AUTO_FD listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int length = snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", directory, name);

	if (length < 0 || (size_t)length >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	/* bind() makes the file with the socket's own mode. */
	if (listener < 0 || fchmod(listener, 0600) < 0)
		return -errno;
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, BACKLOG) < 0)
		return -errno;
	return dmfd_steal_fd(&listener);
}

/* The next connection to a socket that listens. */
int dmfd_accept(int listener)
{
	int connection;

	do
		connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	while (connection < 0 && (errno == EINTR || errno == ECONNABORTED));
	return connection < 0 ? -errno : connection;
}
