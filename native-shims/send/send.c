/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "send.h"

#include "fd.h"
#include "rights.h"
#include "unix.h"

#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* With a path, the kernel says that the server's type is another one; each type has its own abstract names. */
static int is_of_another_type(const char *address, int error)
{
	return error == -EPROTOTYPE || (address[0] == '@' && error == -ECONNREFUSED);
}

/*
 * Connects to the server at a unix socket, of whatever type that is, or to a service manager's, which takes datagrams.
 * Returns the connection, or -errno; *owner as with dmfd_connect_unix().
 */
int dmfd_connect(const char *address, uint32_t datagrams, uint32_t timeout_ms, uint32_t *owner)
{
	int connection;

	if (datagrams)
		return dmfd_connect_unix(address, SOCK_DGRAM, timeout_ms, owner);
	connection = dmfd_connect_unix(address, SOCK_STREAM, timeout_ms, owner);
	if (is_of_another_type(address, connection))
		connection = dmfd_connect_unix(address, SOCK_SEQPACKET, timeout_ms, owner);
	if (is_of_another_type(address, connection))
		connection = dmfd_connect_unix(address, SOCK_DGRAM, timeout_ms, owner);
	return connection;
}

static ssize_t send_part(int connection, const char *bytes, size_t size, const struct msghdr *control)
{
	struct iovec part = { .iov_base = (char *)bytes, .iov_len = size };
	struct msghdr message = *control;
	ssize_t count;

	message.msg_iov = &part;
	message.msg_iovlen = 1;
	do
		count = sendmsg(connection, &message, MSG_NOSIGNAL);
	while (count < 0 && errno == EINTR);
	return count;
}

/*
 * Sends a payload, and the descriptor with its first byte. Returns how many bytes went, or -errno when none did: with
 * fewer than all, the descriptor is on its way all the same. The server may not have read anything: see dmfd_unread().
 */
int dmfd_send(int connection, const char *payload, uint32_t size, int fd)
{
	DMFD_RIGHTS(1) control;
	struct msghdr with_descriptor = { .msg_control = NULL };
	const struct msghdr without = { .msg_control = NULL };
	size_t sent = 0;

	if (size == 0 || size > INT32_MAX)
		return -EINVAL;
	dmfd_attach_rights(&with_descriptor, &control, &fd, 1);
	while (sent < size) {
		ssize_t count =
			send_part(connection, payload + sent, size - sent, sent == 0 ? &with_descriptor : &without);

		if (count < 0)
			return sent == 0 ? -errno : (int)sent;
		sent += (size_t)count;
	}
	return (int)sent;
}

/* 0 when the other end has read all that was sent, or closed its socket. */
int dmfd_unread(int connection)
{
	int bytes;

	return ioctl(connection, SIOCOUTQ, &bytes) < 0 ? -errno : bytes;
}
