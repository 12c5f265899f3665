/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "rollback.h"

#include "identity.h"
#include "node.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define ATTEMPTS 100
#define PAUSE_NANOSECONDS 10000000L

struct directory_entry {
	uint64_t inode;
	int64_t offset;
	unsigned short size;
	unsigned char type;
	char name[];
};

static int remove_device(struct dmfd_creation *creation)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NANOSECONDS };
	struct dm_ioctl request;
	int attempt, error = 0;

	/* EBUSY comes only from kernels without deferred remove, while something looks at the new device. */
	for (attempt = 0; attempt < ATTEMPTS; attempt++) {
		request = creation->remove;
		error = dmfd_ioctl(creation->control, DM_DEV_REMOVE, &request);
		if (error != -EBUSY)
			break;
		nanosleep(&pause, NULL);
	}
	/* ENXIO: it was doomed already, and went when its last descriptor was closed. */
	return error == -ENXIO ? 0 : error;
}

int dmfd_roll_back(struct dmfd_creation *creation)
{
	if (creation->fd >= 0) {
		close(creation->fd);
		creation->fd = -1;
	}
	return creation->created ? remove_device(creation) : 0;
}

/* Whether it is the device's file in /sys that the shield reads its sequence number from. */
static int is_diskseq_file(int fd, dev_t dev)
{
	struct dmfd_text name = { .length = 0 }, link = { .length = 0 }, expected = { .length = 0 };
	ssize_t length;

	dmfd_append(&name, "/proc/self/fd/");
	dmfd_append_number(&name, (uint64_t)fd);
	length = readlink(name.bytes, link.bytes, sizeof(link.bytes) - 1);
	if (length < 0)
		return 0;
	link.bytes[length] = '\0';
	dmfd_append(&expected, "/sys/devices/virtual/block/dm-");
	dmfd_append_number(&expected, minor(dev));
	dmfd_append(&expected, "/diskseq");
	return strcmp(link.bytes, expected.bytes) == 0;
}

static void close_descriptors_in(const char *entries, long size, int directory, dev_t dev)
{
	long at = 0;

	while (at < size) {
		/* The kernel aligns every record for this type. */
		const struct directory_entry *entry = (const void *)(entries + at);
		uint64_t fd;

		at += entry->size;
		if (dmfd_parse_number(entry->name, strlen(entry->name), &fd) == 0 && (int)fd != directory &&
		    (dmfd_prove_number((int)fd, dev) == 0 || is_diskseq_file((int)fd, dev)))
			close((int)fd);
	}
}

/* By getdents64: readdir() allocates, and a killed shield may have left the heap locked. */
static void close_descriptors_of(dev_t dev)
{
	_Alignas(struct directory_entry) char entries[4096];
	int directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long size;

	if (directory < 0)
		return;
	while ((size = syscall(SYS_getdents64, directory, entries, sizeof(entries))) > 0)
		close_descriptors_in(entries, size, directory, dev);
	close(directory);
}

int dmfd_roll_back_unknown(void *pointer)
{
	struct dmfd_creation *creation = pointer;
	struct dm_ioctl reply = creation->status;
	int error;

	dmfd_remove_private_nodes(creation->scratch);
	error = dmfd_ioctl(creation->control, DM_DEV_STATUS, &reply);
	if (error == -ENXIO)
		return 0;
	if (error)
		return error;
	/* A UUID the caller chose may be somebody else's by now: ours has the name we asked for, too. */
	if (!creation->created && strncmp(reply.name, creation->create.name, sizeof(reply.name)) != 0)
		return 0;
	close_descriptors_of(dmfd_decode_dev(reply.dev));
	creation->fd = -1;
	return remove_device(creation);
}
