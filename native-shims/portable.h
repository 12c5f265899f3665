/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls that glibc has as functions of their own since 2.30 or 2.33 only. By their numbers, one build of the
 * library runs with glibc 2.28 and with musl. Only where the kernel's struct stat is the C library's, which 32-bit ones
 * are not.
 */
#ifndef DMFD_PORTABLE_H
#define DMFD_PORTABLE_H

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__aarch64__)

static inline int dmfd_stat(const char *path, struct stat *st)
{
	return (int)syscall(SYS_newfstatat, AT_FDCWD, path, st, 0);
}

static inline int dmfd_fstat(int fd, struct stat *st)
{
	return (int)syscall(SYS_fstat, fd, st);
}

static inline int dmfd_mknod(const char *path, mode_t mode, dev_t dev)
{
	return (int)syscall(SYS_mknodat, AT_FDCWD, path, mode, (unsigned int)dev);
}

#else
#define dmfd_stat stat
#define dmfd_fstat fstat
#define dmfd_mknod mknod
#endif

static inline ssize_t dmfd_getdents(int fd, void *entries, size_t size)
{
	return syscall(SYS_getdents64, fd, entries, size);
}

#endif
