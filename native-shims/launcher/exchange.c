/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "exchange.h"

#include "fd.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { MOST_PARTS = 2 };

int64_t dmfd_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int wait_for(int connection, short events, int64_t limit)
{
	struct pollfd wanted = { .fd = connection, .events = events };
	int ready;

	do {
		int64_t left = limit == DMFD_FOR_EVER ? -1 : limit - dmfd_clock();

		if (limit != DMFD_FOR_EVER && left < 0)
			left = 0;
		ready = poll(&wanted, 1, (int)left);
	} while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return -errno;
	return ready == 0 ? -ETIMEDOUT : 0;
}

/* A standard stream that the caller had closed is not to become the device. */
static int above_streams(int fd)
{
	int copy;

	if (fd > STDERR_FILENO)
		return fd;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(fd);
	return copy;
}

static int take(struct msghdr *message, struct dmfd_received *received)
{
	struct cmsghdr *part;
	int lost = message->msg_flags & MSG_CTRUNC;

	for (part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
		const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		size_t i;

		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		for (i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
			fd = above_streams(fd);
			if (fd >= 0 && received->count < DMFD_RECEIVED_MAX) {
				received->fds[received->count++] = fd;
				continue;
			}
			if (fd >= 0)
				close(fd);
			lost = 1;
		}
	}
	return lost ? -EMFILE : 0;
}

int dmfd_receive(int connection, void *bytes, size_t size, int64_t limit, struct dmfd_received *received)
{
	size_t at = 0;

	while (at < size) {
		union {
			struct cmsghdr header;
			char space[CMSG_SPACE(DMFD_RECEIVED_MAX * sizeof(int))];
		} control;
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
			error = wait_for(connection, POLLIN, limit);
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
		close(received->fds[--received->count]);
}

static void attach(struct msghdr *message, void *control, size_t size, int fd)
{
	struct cmsghdr *header = control;

	memset(control, 0, size);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	message->msg_control = control;
	message->msg_controllen = size;
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

int dmfd_send_all(int connection, const struct iovec *parts, size_t count, int fd, int64_t limit)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec left[MOST_PARTS];
	struct msghdr message = { .msg_iov = left, .msg_iovlen = count };

	if (count > MOST_PARTS)
		return -EINVAL;
	memcpy(left, parts, count * sizeof(*parts));
	if (fd >= 0)
		attach(&message, &control, sizeof(control), fd);
	while (message.msg_iovlen > 0) {
		ssize_t sent = sendmsg(connection, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		int error = 0;

		if (sent >= 0) {
			advance(&message, (size_t)sent);
			/* It goes with the first byte. */
			message.msg_control = NULL;
			message.msg_controllen = 0;
		} else if (errno == EAGAIN) {
			error = wait_for(connection, POLLOUT, limit);
		} else if (errno != EINTR) {
			error = -errno;
		}
		if (error)
			return error;
	}
	return 0;
}
