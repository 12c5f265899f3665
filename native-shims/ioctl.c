/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dmfd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* By syscall(2): ioctl(3) is variadic, which a foreign-function call cannot be trusted to get right. */
int dmfd_ioctl(int fd, uint32_t request, void *argument)
{
	long result = syscall(SYS_ioctl, fd, (unsigned long)request, argument);

	return result < 0 ? -errno : (int)result;
}

int dmfd_ioctl_value(int fd, uint32_t request, int32_t value)
{
	long result = syscall(SYS_ioctl, fd, (unsigned long)request, (long)value);

	return result < 0 ? -errno : (int)result;
}

/* Close-on-exec; flags as open(2) has them, but none that creates. */
int dmfd_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int dmfd_close(int fd)
{
	return close(fd) < 0 ? -errno : 0;
}
