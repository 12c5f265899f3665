/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "serve.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As most architectures have them; newer than the headers that this has to be built with. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

static int open_peer(int connection, pid_t pid)
{
	int pidfd;
	socklen_t size = sizeof(pidfd);

	if (getsockopt(connection, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0)
		return pidfd;
	return errno == ENOPROTOOPT ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
}

/*
 * Who connected. Returns a descriptor of that process, close-on-exec, which becomes readable when it ends: what /proc
 * said of the pid before then, it said of this process. -ESRCH when it has ended already.
 */
int dmfd_peer(int connection, struct dmfd_peer *peer)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);
	int pidfd;

	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return -errno;
	peer->pid = (uint32_t)credentials.pid;
	peer->uid = credentials.uid;
	pidfd = open_peer(connection, credentials.pid);
	return pidfd < 0 ? -errno : pidfd;
}
