/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "close-from.h"

#include "open-descriptors.h"

#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

static void close_from(int fd, void *first)
{
	if (fd >= *(const int *)first)
		close(fd);
}

void dmfd_close_from(int first)
{
	int fd;

	/* Since Linux 5.9, and not through every filter of a container. */
	if (syscall(SYS_close_range, (unsigned int)first, ~0u, 0u) == 0)
		return;
	/* Where the limit is a thousand million, one by one would take minutes. */
	if (dmfd_each_descriptor(close_from, &first) == 0)
		return;
	for (fd = (int)sysconf(_SC_OPEN_MAX) - 1; fd >= first; fd--)
		close(fd);
}
