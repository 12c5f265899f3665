/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "warm.h"

#include "fd.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

/* Several processes wait at one listener: one that comes too late waits on. */
int dmfd_next_launcher(int listener, int stop)
{
	const struct dmfd_answer accepted = { .kind = DMFD_ANSWER_ACCEPTED };
	const int flags = fcntl(listener, F_GETFL);

	/* A service manager's blocks. */
	if (flags < 0 || (!(flags & O_NONBLOCK) && fcntl(listener, F_SETFL, flags | O_NONBLOCK) < 0))
		return -errno;
	for (;;) {
		struct pollfd wanted[] = { { .fd = listener, .events = POLLIN }, { .fd = stop } };
		DMFD_AUTO_FD connection = -1;

		if (poll(wanted, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (wanted[1].revents)
			return -ECANCELED;
		if (wanted[0].revents & (POLLERR | POLLNVAL))
			return -EBADF;
		connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (connection < 0) {
			if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
				continue;
			return -errno;
		}
		/* At once, for a launcher does not wait long for this, and asks only then. Or it has gone. */
		if (dmfd_answer(connection, &accepted, -1, -1) == 0)
			return dmfd_steal_fd(&connection);
	}
}
