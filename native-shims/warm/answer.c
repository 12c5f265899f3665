/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "warm.h"

#include "rights.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/*
 * Sends the head of an answer, and up to two descriptors with it (-1: none). They are on their way then, and to be
 * closed here before the rest goes: what the launcher does with all of it, it does as their only owner.
 */
int dmfd_answer(int connection, const struct dmfd_answer *answer, int first, int second)
{
	const int fds[DMFD_RECEIVED_MAX] = { first, second };
	struct iovec part = { .iov_base = (void *)answer, .iov_len = sizeof(*answer) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	DMFD_RIGHTS(DMFD_RECEIVED_MAX) control;
	ssize_t count;

	dmfd_attach_rights(&message, &control, fds, (uint32_t)((first >= 0) + (second >= 0)));
	do
		count = sendmsg(connection, &message, MSG_NOSIGNAL);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return -errno;
	/* So few bytes go whole, or the other end does not read. */
	return (size_t)count == sizeof(*answer) ? 0 : -EPIPE;
}

int dmfd_answer_rest(int connection, const char *bytes, uint32_t size)
{
	size_t at = 0;

	while (at < size) {
		ssize_t count = send(connection, bytes + at, size - at, MSG_NOSIGNAL);

		if (count < 0 && errno != EINTR)
			return -errno;
		if (count > 0)
			at += (size_t)count;
	}
	return 0;
}
