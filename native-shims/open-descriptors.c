/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#define _LARGEFILE64_SOURCE /* struct dirent64 with musl */
#include "open-descriptors.h"

#include "fd.h"
#include "portable.h"
#include "text.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

/* By getdents64(): readdir() allocates, and a killed shield may have left the heap locked. */
int dmfd_each_descriptor(void (*visit)(int fd, void *argument), void *argument)
{
	_Alignas(struct dirent64) char entries[4096];
	DMFD_AUTO_FD directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ssize_t size, at;

	if (directory < 0)
		return -errno;
	while ((size = dmfd_getdents(directory, entries, sizeof(entries))) > 0)
		for (at = 0; at < size;) {
			/* The kernel aligns every record for this type. */
			const struct dirent64 *entry = (const void *)(entries + at);
			uint64_t fd;

			at += entry->d_reclen;
			if (dmfd_parse_number(entry->d_name, strlen(entry->d_name), &fd) == 0 && (int)fd != directory)
				visit((int)fd, argument);
		}
	return size < 0 ? -errno : 0;
}
