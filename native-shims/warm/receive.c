/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "warm.h"

#include "fd.h"
#include "portable.h"
#include "ready.h"
#include "rights.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

int dmfd_edition(const char *path, struct dmfd_edition *edition)
{
	struct stat file;

	if (dmfd_stat(path, &file) < 0)
		return -errno;
	*edition = dmfd_edition_of(&file);
	return 0;
}

/* Keeps the first descriptor that comes with a message, and no other. */
static int keep_first(struct msghdr *message, int *kept)
{
	int lost;

	dmfd_take_rights(message, kept, *kept >= 0, 1, &lost);
	return lost ? -EPROTO : 0;
}

/* Reads so much, or fails: -ECONNRESET at an end before. A descriptor that comes with it is kept in *fd, where one may.
 */
static int receive_all(int connection, void *bytes, size_t size, int *fd)
{
	size_t at = 0;

	while (at < size) {
		DMFD_RIGHTS(1) control;
		struct iovec part = { .iov_base = (char *)bytes + at, .iov_len = size - at };
		struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
		ssize_t count;

		if (fd) {
			message.msg_control = &control;
			message.msg_controllen = sizeof(control);
		}
		count = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (fd && keep_first(&message, fd) < 0)
			return -EPROTO;
		if (count == 0)
			return -ECONNRESET;
		at += (size_t)count;
	}
	return 0;
}

/*
 * What a launcher asks. Returns the descriptor of its working directory, close-on-exec; -EPROTO for what no launcher of
 * this version says, -E2BIG for what has no room.
 */
int dmfd_receive_ask(int connection, struct dmfd_ask *ask, char *body, uint32_t room)
{
	DMFD_AUTO_FD directory = -1;
	int error = receive_all(connection, ask, sizeof(*ask), &directory);

	if (error)
		return error;
	if (directory < 0 || ask->size == 0)
		return -EPROTO;
	if (ask->size > room)
		return -E2BIG;
	error = receive_all(connection, body, ask->size, NULL);
	if (error)
		return error;
	return body[ask->size - 1] == '\0' ? dmfd_steal_fd(&directory) : -EPROTO;
}

/* 1; 0 when the launcher has gone, or become the command; -ETIMEDOUT. A negative time is no limit. */
int dmfd_receive_reply(int connection, struct dmfd_reply *reply, int timeout_ms)
{
	int error = dmfd_wait_for(connection, POLLIN, dmfd_limit_after(timeout_ms));

	if (error)
		return error;
	error = receive_all(connection, reply, sizeof(*reply), NULL);
	return error == -ECONNRESET ? 0 : error ? error : 1;
}
