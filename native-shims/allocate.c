/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dmfd.h"

#include <errno.h>
#include <fcntl.h>

/* Allocates a range of a file, so that writing to it needs no more space. 0 or -errno. */
int dmfd_allocate(int fd, const struct dmfd_range *range)
{
	int error;

	do
		error = fallocate(fd, 0, range->start, range->length) < 0 ? -errno : 0;
	while (error == -EINTR);
	return error;
}
