/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that go with a message of a unix socket. */
#ifndef DMFD_RIGHTS_H
#define DMFD_RIGHTS_H

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for so many, aligned as the kernel wants it. */
#define DMFD_RIGHTS(most) \
	union { \
		struct cmsghdr header; \
		char space[CMSG_SPACE((most) * sizeof(int))]; \
	}

/* Has them go with the message, in such a room; none of them is no part of it. */
static inline void dmfd_attach_rights(struct msghdr *message, void *control, const int *fds, uint32_t count)
{
	const size_t length = count * sizeof(int);
	struct cmsghdr *header = control;

	if (count == 0)
		return;
	memset(control, 0, CMSG_SPACE(length));
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(length);
	memcpy(CMSG_DATA(header), fds, length);
	message->msg_control = control;
	message->msg_controllen = CMSG_SPACE(length);
}

/*
 * Adds those that came with a message to count others, as far as there is room, and closes the rest. Returns how many
 * there are then; *lost when not all that were sent are among them.
 */
static inline uint32_t dmfd_take_rights(struct msghdr *message, int *fds, uint32_t count, uint32_t room, int *lost)
{
	struct cmsghdr *part;

	*lost = (message->msg_flags & MSG_CTRUNC) != 0;
	for (part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
		const size_t came = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		size_t i;

		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		for (i = 0; i < came; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
			if (count < room) {
				fds[count++] = fd;
				continue;
			}
			close(fd);
			*lost = 1;
		}
	}
	return count;
}

#endif
