/* SPDX-License-Identifier: Apache-2.0 */
/* Locks on a file, and other signs of another user. */
#define _GNU_SOURCE
#include "dmfd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

/* The lock belongs to the open file description: it lasts as long as any user of that, a loop device included. */
int dmfd_lock(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}

/* 1 when another opener has locked a range of the file, with locks of its process or of its descriptor; else 0, or
 * -errno. */
int dmfd_is_range_locked(int fd)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_GETLK, &all) < 0)
		return -errno;
	return all.l_type != F_UNLCK;
}

/*
 * 1 when a regular file is open elsewhere, too, also by the kernel; 0 when it is not, or -errno where that cannot be
 * known. Only the sole opener is given a write lease. A process that opens the file before it is given back waits for
 * that moment; the lease's owner is told with a signal, for which SIGIO, which would kill, is replaced by one that is
 * ignored by default.
 */
int dmfd_is_open_elsewhere(int fd)
{
	if (fcntl(fd, F_SETSIG, SIGURG) < 0)
		return -errno;
	if (fcntl(fd, F_SETLEASE, F_WRLCK) < 0)
		return errno == EAGAIN ? 1 : -errno;
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return 0;
}
