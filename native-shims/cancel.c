/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dmfd.h"

#include <errno.h>
#include <sys/eventfd.h>

/* A descriptor for dmfd_creation's cancel_fd: writing an 8-byte number to it, not 0, cancels the creation. */
int dmfd_cancel_event(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}
