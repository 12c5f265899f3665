/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "send.h"

#include "fd.h"
#include "ready.h"

#include <fcntl.h>

/*
 * Returns when the manager has handled all earlier messages: it gets one end of a pipe, and closes it when it comes to
 * this message. Managers that know BARRIER do so by protocol; others (systemd before 246) close every descriptor that
 * comes with a message they do not know. 0; -ETIMEDOUT; or the socket's -errno.
 */
int dmfd_notify_barrier(int connection, uint32_t timeout_ms)
{
	static const char word[] = "BARRIER=1";
	int ends[2], sent;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;

	DMFD_AUTO_FD reader = ends[0];
	DMFD_AUTO_FD writer = ends[1];

	sent = dmfd_send(connection, word, sizeof(word) - 1, writer);
	dmfd_close_fd(&writer);
	return sent < 0 ? sent : dmfd_wait_for(reader, 0, dmfd_limit_after(timeout_ms));
}
