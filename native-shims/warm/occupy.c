/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "warm.h"

#include "fd.h"

#include <fcntl.h>

int dmfd_occupy(int number)
{
	DMFD_AUTO_FD null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null < 0)
		return -errno;
	/* The lowest that is free. */
	if (null == number)
		return dmfd_steal_fd(&null);

	DMFD_AUTO_FD copy = fcntl(null, F_DUPFD_CLOEXEC, number);
	if (copy < 0)
		return -errno;
	return copy == number ? dmfd_steal_fd(&copy) : -EBUSY;
}
