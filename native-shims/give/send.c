/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "give.h"
#include "unix.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A file tells that the server is of another type; an abstract name of another type is just another name. */
static int is_of_another_type(const char *address, int error)
{
	return error == -EPROTOTYPE || (address[0] == '@' && error == -ECONNREFUSED);
}

/* The server's type is not known beforehand. */
static int connect_to_any(const char *address, uint32_t timeout_ms)
{
	int connection = dmfd_connect_unix(address, SOCK_STREAM, timeout_ms);

	if (is_of_another_type(address, connection))
		connection = dmfd_connect_unix(address, SOCK_SEQPACKET, timeout_ms);
	if (is_of_another_type(address, connection))
		connection = dmfd_connect_unix(address, SOCK_DGRAM, timeout_ms);
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
