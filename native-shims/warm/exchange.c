/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "exchange.h"

#include "fd.h"
#include "rights.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { MOST_PARTS = 2 };

int dmfd_above_streams(int fd)
{
	int copy;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(fd);
	return copy;
}

static int take(struct msghdr *message, struct dmfd_received *received)
{
	uint32_t i = received->count;
	int lost;

	received->count = dmfd_take_rights(message, received->fds, i, DMFD_RECEIVED_MAX, &lost);
	for (; i < received->count; i++) {
		received->fds[i] = dmfd_above_streams(received->fds[i]);
		lost |= received->fds[i] < 0;
	}
	return lost ? -EMFILE : 0;
}

int dmfd_receive(int connection, void *bytes, size_t size, int64_t limit, struct dmfd_received *received)
{
	size_t at = 0;

	while (at < size) {
		DMFD_RIGHTS(DMFD_RECEIVED_MAX) control;
		struct iovec part = { .iov_base = (char *)bytes + at, .iov_len = size - at };
		struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
		ssize_t count;
		int error;

		if (received) {
			message.msg_control = &control;
			message.msg_controllen = sizeof(control);
		}
		count = recvmsg(connection, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
		if (count == 0)
			return -ECONNRESET;
		if (count > 0) {
			error = received ? take(&message, received) : 0;
			at += (size_t)count;
		} else if (errno == EAGAIN) {
			error = dmfd_wait_for(connection, POLLIN, limit);
		} else {
			error = errno == EINTR ? 0 : -errno;
		}
		if (error)
			return error;
	}
	return 0;
}

void dmfd_close_received(struct dmfd_received *received)
{
	while (received->count > 0)
		dmfd_close_fd(&received->fds[--received->count]);
}

/* Of the parts, what is left when so many bytes of them have gone. */
static void advance(struct msghdr *message, size_t sent)
{
	while (message->msg_iovlen > 0 && sent >= message->msg_iov->iov_len) {
		sent -= message->msg_iov->iov_len;
		message->msg_iov++;
		message->msg_iovlen--;
	}
	if (message->msg_iovlen > 0) {
		message->msg_iov->iov_base = (char *)message->msg_iov->iov_base + sent;
		message->msg_iov->iov_len -= sent;
	}
}

int dmfd_send_all(int connection, const struct iovec *parts, size_t count, const int *fds, uint32_t fd_count,
		  int64_t limit)
{
	DMFD_RIGHTS(DMFD_RECEIVED_MAX) control;
	struct iovec left[MOST_PARTS];
	struct msghdr message = { .msg_iov = left, .msg_iovlen = count };

	if (count > MOST_PARTS || fd_count > DMFD_RECEIVED_MAX)
		return -EINVAL;
	memcpy(left, parts, count * sizeof(*parts));
	dmfd_attach_rights(&message, &control, fds, fd_count);
	while (message.msg_iovlen > 0) {
		ssize_t sent = sendmsg(connection, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		int error = 0;

		if (sent >= 0) {
			advance(&message, (size_t)sent);
			/* They have gone with the first byte. */
			message.msg_control = NULL;
			message.msg_controllen = 0;
		} else if (errno == EAGAIN) {
			error = dmfd_wait_for(connection, POLLOUT, limit);
		} else if (errno != EINTR) {
			error = -errno;
		}
		if (error)
			return error;
	}
	return 0;
}
