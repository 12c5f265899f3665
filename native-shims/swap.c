/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dmfd.h"

#include <errno.h>
#include <sys/swap.h>
#include <unistd.h>

int dmfd_swapon(const char *path, int32_t flags)
{
	return swapon(path, flags) < 0 ? -errno : 0;
}

int dmfd_swapoff(const char *path)
{
	return swapoff(path) < 0 ? -errno : 0;
}

/* The unit that a swap header counts in. */
int dmfd_page_size(void)
{
	return (int)sysconf(_SC_PAGESIZE);
}
