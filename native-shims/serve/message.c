/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of messages, with descriptors. */
#define _GNU_SOURCE
#include "serve.h"

#include "fd.h"
#include "rights.h"

#include <string.h>
#include <sys/socket.h>

/*
 * Reads a part, at most size bytes, and the descriptors that came with it, close-on-exec. Returns how many bytes, 0 at
 * the end; -EMFILE when descriptors were lost, for want of room here or in this process; then none is kept.
 */
int dmfd_receive_part(int connection, char *bytes, uint32_t size, struct dmfd_passed *passed)
{
	struct iovec part = { .iov_base = bytes, .iov_len = size };
	DMFD_RIGHTS(DMFD_MESSAGE_FDS) control;
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	ssize_t count;
	int lost;

	memset(&control, 0, sizeof(control));
	passed->count = 0;
	do
		count = recvmsg(connection, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return -errno;
	passed->count = dmfd_take_rights(&message, passed->fds, 0, DMFD_MESSAGE_FDS, &lost);
	if (lost) {
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
	DMFD_RIGHTS(DMFD_MESSAGE_FDS) control;
	ssize_t count;

	if (size == 0 || size > INT32_MAX || passed->count > DMFD_MESSAGE_FDS)
		return -EINVAL;
	dmfd_attach_rights(&message, &control, passed->fds, passed->count);
	do
		count = sendmsg(connection, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (count < 0 && errno == EINTR);
	return count < 0 ? -errno : (int)count;
}
