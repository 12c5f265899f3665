/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dmfd.h"
#include "fd.h"

#include <fcntl.h>

/* Opens the kernel's log after its newest record: every record that can be read from it is newer than this call. */
int dmfd_open_kernel_log(void)
{
	DMFD_AUTO_FD fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || lseek(fd, 0, SEEK_END) < 0)
		return -errno;
	return dmfd_steal_fd(&fd);
}
