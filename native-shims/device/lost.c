/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#define _LARGEFILE64_SOURCE /* struct dirent64 with musl */
#include "lost.h"

#include "fd.h"
#include "portable.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

static void close_lost_in(const char *entries, ssize_t size, int directory, int (*is_lost)(int, const void *),
			  const void *argument)
{
	ssize_t at = 0;

	while (at < size) {
		/* The kernel aligns every record for this type. */
		const struct dirent64 *entry = (const void *)(entries + at);
		uint64_t fd;

		at += entry->d_reclen;
		if (dmfd_parse_number(entry->d_name, strlen(entry->d_name), &fd) == 0 && (int)fd != directory &&
		    is_lost((int)fd, argument))
			close((int)fd);
	}
}

/* By getdents64(): readdir() allocates, and a killed shield may have left the heap locked. */
int dmfd_close_lost(int (*is_lost)(int fd, const void *argument), const void *argument)
{
	_Alignas(struct dirent64) char entries[4096];
	DMFD_AUTO_FD directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ssize_t size;

	if (directory < 0)
		return -errno;
	while ((size = dmfd_getdents(directory, entries, sizeof(entries))) > 0)
		close_lost_in(entries, size, directory, is_lost, argument);
	return size < 0 ? -errno : 0;
}

int dmfd_path_of(int fd, struct dmfd_text *path)
{
	struct dmfd_text name = { .length = 0 };
	ssize_t length;

	dmfd_append(&name, "/proc/self/fd/");
	dmfd_append_number(&name, (uint64_t)fd);
	length = readlink(name.bytes, path->bytes, sizeof(path->bytes) - 1);
	path->length = length < 0 ? 0 : (size_t)length;
	path->bytes[path->length] = '\0';
	return length < 0 ? -errno : 0;
}
