/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of messages, with descriptors. */
#define _GNU_SOURCE
#include "serve.h"

#include "fd.h"

#include <string.h>
#include <sys/socket.h>

union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(DMFD_MESSAGE_FDS * sizeof(int))];
};

static void take_descriptors(struct msghdr *message, struct dmfd_passed *passed)
{
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
		size_t bytes;

		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		bytes = part->cmsg_len - CMSG_LEN(0);
		memcpy(passed->fds, CMSG_DATA(part), bytes);
		passed->count = (uint32_t)(bytes / sizeof(int));
	}
}

/*
 * Reads a part, at most size bytes, and the descriptors that came with it, close-on-exec. Returns how many bytes, 0 at
 * the end; -EMFILE when descriptors were lost, for want of room here or in this process; then none is kept.
 */
int dmfd_receive_part(int connection, char *bytes, uint32_t size, struct dmfd_passed *passed)
{
	struct iovec part = { .iov_base = bytes, .iov_len = size };
	union control control;
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	ssize_t count;

	memset(&control, 0, sizeof(control));
	passed->count = 0;
	do
		count = recvmsg(connection, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return -errno;
	take_descriptors(&message, passed);
	if (message.msg_flags & MSG_CTRUNC) {
		while (passed->count > 0)
			dmfd_close_fd(&passed->fds[--passed->count]);
		return -EMFILE;
	}
	return (int)count;
}

/* Sends a part, and descriptors with its first byte. Returns how many bytes went: with more than none, all descriptors.
 */
int dmfd_send_part(int connection, const char *bytes, uint32_t size, const struct dmfd_passed *passed)
{
	struct iovec part = { .iov_base = (char *)bytes, .iov_len = size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	size_t length = passed->count * sizeof(int);
	union control control;
	ssize_t count;

	if (size == 0 || size > INT32_MAX || passed->count > DMFD_MESSAGE_FDS)
		return -EINVAL;
	memset(&control, 0, sizeof(control));
	if (passed->count > 0) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(length);
		memcpy(CMSG_DATA(&control.header), passed->fds, length);
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(length);
	}
	do
		count = sendmsg(connection, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (count < 0 && errno == EINTR);
	return count < 0 ? -errno : (int)count;
}
