/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "send.h"

#include "fd.h"
#include "unix.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* With a path, the kernel says that the server's type is another one; each type has its own abstract names. */
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
 * -errno. The server may not have read anything yet: see dmfd_unread().
 */
int dmfd_send(const char *address, const char *payload, uint32_t size, int fd, uint32_t timeout_ms)
{
	DMFD_AUTO_FD connection = connect_to_any(address, timeout_ms);
	int error = connection < 0 ? connection : dmfd_send_with_fd(connection, payload, size, fd);

	return error ? error : dmfd_steal_fd(&connection);
}

/* 0 when the other end has read all that was sent, or closed its socket. */
int dmfd_unread(int connection)
{
	int bytes;

	return ioctl(connection, SIOCOUTQ, &bytes) < 0 ? -errno : bytes;
}
