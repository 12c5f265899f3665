/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dmfd.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Fills with random bytes; 0 or -errno. Waits until the kernel has entropy enough, early in a boot. */
int dmfd_random(uint8_t *bytes, uint32_t size)
{
	uint32_t at = 0;

	while (at < size) {
		/*
		 * Not by getrandom(3): since glibc 2.41, that makes the bytes in ordinary memory of this process and
		 * takes a lock that another thread may have held when this process was cloned.
		 */
		long got = syscall(SYS_getrandom, bytes + at, (size_t)(size - at), 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		at += (uint32_t)got;
	}
	return 0;
}
