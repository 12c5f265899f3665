/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "node.h"

#include "fd.h"
#include "identity.h"
#include "lost.h"
#include "portable.h"
#include "text.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Tried in turn: a directory may be read-only, or mounted nodev. */
static const char *const places[] = { "/dev/", "/run/", "/dev/shm/", "/tmp/", "/var/tmp/" };
#define PLACES (sizeof(places) / sizeof(places[0]))

/* What is opened by a private node. */
struct opening {
	mode_t type;
	dev_t dev;
	int flags;
	const char *scratch;
};

struct private_node {
	struct dmfd_text directory;
	struct dmfd_text node;
};

static void name_private_node(struct private_node *names, const char *place, const char *scratch)
{
	names->directory.length = 0;
	dmfd_append(&names->directory, place);
	dmfd_append(&names->directory, ".");
	dmfd_append(&names->directory, scratch);
	names->node.length = 0;
	dmfd_append(&names->node, names->directory.bytes);
	dmfd_append(&names->node, "/node");
}

/* *answered: the error is open(2)'s of the node, and not one of making it. */
static int open_private_node(const char *place, const struct opening *opening, int *answered)
{
	struct private_node names;
	int fd = -1, error = 0;

	*answered = 0;
	name_private_node(&names, place, opening->scratch);
	if (mkdir(names.directory.bytes, 0700) < 0)
		return -errno;
	if (dmfd_mknod(names.node.bytes, opening->type | 0600, opening->dev) < 0) {
		error = -errno;
	} else {
		fd = open(names.node.bytes, opening->flags | O_CLOEXEC);
		if (fd < 0) {
			error = -errno;
			*answered = 1;
		}
		unlink(names.node.bytes);
	}
	rmdir(names.directory.bytes);
	return error ? error : fd;
}

static int open_public_node(dev_t dev, int flags)
{
	struct dmfd_text path = { .length = 0 };
	DMFD_AUTO_FD fd = -1;
	struct stat st;
	int error;

	dmfd_append(&path, "/dev/dm-");
	dmfd_append_number(&path, minor(dev));
	/* stat() first: opening a FIFO blocks, and opening another device may have an effect on it. */
	if (dmfd_stat(path.bytes, &st) < 0 || !S_ISBLK(st.st_mode) || st.st_rdev != dev)
		return -ENOENT;
	fd = open(path.bytes, flags | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = dmfd_prove_number(fd, dev);
	return error ? error : dmfd_steal_fd(&fd);
}

/*
 * What the device itself answers is the same in every place; but EACCES may also say that nodes in this place are no
 * devices. Otherwise the first reason is told: that a place is not there is one only where none is.
 */
static int open_any_private_node(void *pointer)
{
	const struct opening *opening = pointer;
	int error = -ENOENT;
	size_t i;

	for (i = 0; i < PLACES; i++) {
		int answered, fd = open_private_node(places[i], opening, &answered);

		if (fd >= 0 || (answered && fd != -EACCES))
			return fd;
		if (error == -ENOENT)
			error = fd;
	}
	return error;
}

static int is_by_private_node(int fd, const void *scratch)
{
	struct dmfd_text path;
	struct private_node names;

	/* Whatever the place: all of them end so. */
	name_private_node(&names, "/", scratch);
	return dmfd_path_of(fd, &path) == 0 && strstr(path.bytes, names.node.bytes) != NULL;
}

static int take_back(void *pointer)
{
	const struct opening *opening = pointer;

	dmfd_remove_private_nodes(opening->scratch);
	dmfd_close_lost(is_by_private_node, opening->scratch);
	return 0;
}

/* -EINTR when the shield was killed. */
static int open_in_shield(struct opening opening)
{
	int killed, fd = dmfd_in_shield(open_any_private_node, &opening, &killed);

	if (killed)
		dmfd_take_back(take_back, &opening);
	return fd;
}

/* Only a missing or a foreign node is a reason to look elsewhere; a refusal by the device is its answer. */
static int needs_private_node(int fd)
{
	return fd == -ENOENT || fd == -ESTALE || fd == -ENOTBLK;
}

int dmfd_open_node(dev_t dev, int flags, const char *scratch, int *is_private)
{
	struct opening opening = { .type = S_IFBLK, .dev = dev, .flags = flags, .scratch = scratch };
	int fd = open_public_node(dev, flags);

	*is_private = needs_private_node(fd);
	return *is_private ? open_any_private_node(&opening) : fd;
}

/* Opens the device with that number, which a descriptor of ours pins. Returns a close-on-exec descriptor or -errno. */
int dmfd_open_device(uint32_t major, uint32_t minor, int read_only, const char *scratch)
{
	int fd = open_public_node(makedev(major, minor), read_only ? O_RDONLY : O_RDWR);

	return needs_private_node(fd) ? dmfd_open_by_number(1, major, minor, read_only, scratch) : fd;
}

int dmfd_open_by_number(int block, uint32_t major, uint32_t minor, int read_only, const char *scratch)
{
	return open_in_shield((struct opening){
		.type = block ? S_IFBLK : S_IFCHR,
		.dev = makedev(major, minor),
		.flags = read_only ? O_RDONLY : O_RDWR,
		.scratch = scratch,
	});
}

void dmfd_remove_private_nodes(const char *scratch)
{
	struct private_node names;
	size_t i;

	for (i = 0; i < PLACES; i++) {
		name_private_node(&names, places[i], scratch);
		unlink(names.node.bytes);
		rmdir(names.directory.bytes);
	}
}
