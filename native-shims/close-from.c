/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "close-from.h"

#include "device/lost.h"

#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

static int is_from(int fd, const void *first)
{
	return fd >= *(const int *)first;
}

void dmfd_close_from(int first)
{
	int fd;

	/* Since Linux 5.9, and not through every filter of a container. */
	if (syscall(SYS_close_range, (unsigned int)first, ~0u, 0u) == 0)
		return;
	/* Where the limit is a thousand million, one by one would take minutes. */
	if (dmfd_close_lost(is_from, &first) == 0)
		return;
	for (fd = (int)sysconf(_SC_OPEN_MAX) - 1; fd >= first; fd--)
		close(fd);
}
