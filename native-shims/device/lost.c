/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lost.h"

#include "open-descriptors.h"

#include <errno.h>
#include <unistd.h>

struct search {
	int (*is_lost)(int fd, const void *argument);
	const void *argument;
};

static void close_if_lost(int fd, void *pointer)
{
	const struct search *search = pointer;

	if (search->is_lost(fd, search->argument))
		close(fd);
}

int dmfd_close_lost(int (*is_lost)(int fd, const void *argument), const void *argument)
{
	struct search search = { .is_lost = is_lost, .argument = argument };

	return dmfd_each_descriptor(close_if_lost, &search);
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
