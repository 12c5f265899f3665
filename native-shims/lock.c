/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dmfd.h"

#include <errno.h>
#include <sys/file.h>

/* The lock belongs to the open file description: it lasts as long as any user of that, a loop device included. */
int dmfd_lock(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}
