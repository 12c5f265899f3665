/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "give.h"
#include "unix.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The server's type is not known beforehand; a socket of another one is told so. */
static int connect_to_any(const char *address, uint32_t timeout_ms)
{
	static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };
	int connection = -EPROTOTYPE;
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]) && connection == -EPROTOTYPE; i++)
		connection = dmfd_connect_unix(address, types[i], timeout_ms);
	return connection;
}

/*
 * Sends a payload, and the descriptor with its first byte, to the server at a unix socket. Returns the connection, or
 * -errno. The server need not have read anything yet: see dmfd_unread().
 */
int dmfd_send(const char *address, const char *payload, uint32_t size, int fd, uint32_t timeout_ms)
{
	int connection = connect_to_any(address, timeout_ms);
	int error;

	if (connection < 0)
		return connection;
	error = dmfd_send_with_fd(connection, payload, size, fd);
	if (!error)
		return connection;
	close(connection);
	return error;
}

/* 0 when the other end has read all that was sent, or closed its socket. */
int dmfd_unread(int connection)
{
	int bytes;

	return ioctl(connection, SIOCOUTQ, &bytes) < 0 ? -errno : bytes;
}
