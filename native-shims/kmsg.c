/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dmfd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* The kernel's log, placed after the newest record: what can be read later came later. */
int dmfd_open_kernel_log(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (lseek(fd, 0, SEEK_END) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}
