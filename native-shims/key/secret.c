/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "secret.h"

#include "fd.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

/*
 * Whether every page can be had, asked by system calls, which say EFAULT where a touch would be a SIGBUS: beyond the
 * limit on locked memory, a secret mapping is made all the same on some kernels. Leaves it zeroed.
 */
static int is_there(char *memory, size_t size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t at;

	for (at = 0; at < size; at += page) {
		if (syscall(SYS_clock_gettime, CLOCK_MONOTONIC, memory + at) < 0)
			return 0;
		explicit_bzero(memory + at, sizeof(struct timespec));
	}
	return 1;
}

/* Since Linux 5.14, if the machine can and, before 6.5, if it was switched on. Its pages count as locked. */
static void *map_hidden(size_t size)
{
	void *memory = MAP_FAILED;
	DMFD_AUTO_FD fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);

	if (fd < 0)
		return MAP_FAILED;
	if (ftruncate(fd, (off_t)size) == 0)
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory != MAP_FAILED && !is_there(memory, size)) {
		munmap(memory, size);
		return MAP_FAILED;
	}
	return memory;
}

static void *map_locked(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return MAP_FAILED;
	if (mlock(memory, size) < 0) {
		int error = errno;

		munmap(memory, size);
		errno = error;
		return MAP_FAILED;
	}
	return memory;
}

void *dmfd_secret_map(size_t size)
{
	void *memory = map_hidden(size);

	if (memory == MAP_FAILED)
		memory = map_locked(size);
	if (memory == MAP_FAILED)
		return NULL;
	madvise(memory, size, MADV_DONTDUMP);
	madvise(memory, size, MADV_DONTFORK);
	return memory;
}

void dmfd_secret_unmap(void *memory, size_t size)
{
	explicit_bzero(memory, size);
	munmap(memory, size);
}
