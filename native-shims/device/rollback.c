/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#define _LARGEFILE64_SOURCE /* struct dirent64 with musl */
#include "rollback.h"

#include "fd.h"
#include "identity.h"
#include "node.h"
#include "portable.h"
#include "requests.h"
#include "text.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>

#define ATTEMPTS 100
#define PAUSE_NANOSECONDS 10000000L

/*
 * Whether the device that now has our UUID is the one that this creation made: 1 and *reply, 0 or -errno. Another
 * process may have taken a UUID that dmfd's user chose. The name decides where a killed shield left no number in
 * creation; ours has no table then.
 */
static int find_ours(const struct dmfd_creation *creation, struct dm_ioctl *reply)
{
	int error;

	*reply = dmfd_status_request(creation);
	error = dmfd_ioctl(creation->control, DM_DEV_STATUS, reply);
	if (error)
		return error == -ENXIO ? 0 : error;
	if (creation->created && dmfd_decode_dev(reply->dev) != dmfd_device_number(creation))
		return 0;
	if (!creation->created && reply->flags & DM_ACTIVE_PRESENT_FLAG)
		return 0;
	return strncmp(reply->name, creation->name, sizeof(reply->name)) == 0;
}

/*
 * A device of ours goes live only after its removal was deferred, and goes then by itself when it is closed. A live one
 * is another program's that took the UUID, the name and the number, whatever else it has in common with ours.
 */
static int goes_by_itself(const struct dm_ioctl *reply)
{
	return (reply->flags & (DM_DEFERRED_REMOVE | DM_ACTIVE_PRESENT_FLAG)) != 0;
}

/* Defers the removal of the device that the creation's descriptor holds: 1, or 0 when that is not ours, or -errno. */
static int remove_held_device(const struct dmfd_creation *creation)
{
	struct dm_ioctl reply, request = dmfd_held_remove_request(creation);
	int found;

	if (creation->fd < 0 || dmfd_prove_number(creation->fd, dmfd_device_number(creation)) != 0)
		return 0;
	found = find_ours(creation, &reply);
	if (found <= 0 || goes_by_itself(&reply))
		return found;
	found = dmfd_ioctl(creation->control, DM_DEV_REMOVE, &request);
	return found < 0 ? found : 1;
}

static int remove_device(const struct dmfd_creation *creation)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NANOSECONDS };
	int attempt, error = 0;

	/* EBUSY comes only from kernels without deferred removal, while another process looks at the new device. */
	for (attempt = 0; attempt < ATTEMPTS; attempt++) {
		struct dm_ioctl reply, request = dmfd_remove_request(creation);
		int found = find_ours(creation, &reply);

		if (found <= 0 || goes_by_itself(&reply))
			return found < 0 ? found : 0;
		error = dmfd_ioctl(creation->control, DM_DEV_REMOVE, &request);
		if (error != -EBUSY)
			break;
		nanosleep(&pause, NULL);
	}
	/* ENXIO: its removal was deferred already, and it went when its last descriptor was closed. */
	return error == -ENXIO ? 0 : error;
}

int dmfd_roll_back(struct dmfd_creation *creation)
{
	int error = creation->created ? remove_held_device(creation) : 0;

	dmfd_close_fd(&creation->fd);
	/* Without deferred removal, it can be removed only now. */
	return creation->created && error <= 0 ? remove_device(creation) : 0;
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

static void close_descriptors_in(const char *entries, ssize_t size, int directory, dev_t dev)
{
	ssize_t at = 0;

	while (at < size) {
		/* The kernel aligns every record for this type. */
		const struct dirent64 *entry = (const void *)(entries + at);
		uint64_t fd;

		at += entry->d_reclen;
		if (dmfd_parse_number(entry->d_name, strlen(entry->d_name), &fd) == 0 && (int)fd != directory &&
		    (dmfd_prove_number((int)fd, dev) == 0 || is_diskseq_file((int)fd, dev)))
			close((int)fd);
	}
}

/* By getdents64(): readdir() allocates, and a killed shield may have left the heap locked. */
static void close_descriptors_of(dev_t dev)
{
	_Alignas(struct dirent64) char entries[4096];
	DMFD_AUTO_FD directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ssize_t size;

	if (directory < 0)
		return;
	while ((size = dmfd_getdents(directory, entries, sizeof(entries))) > 0)
		close_descriptors_in(entries, size, directory, dev);
}

int dmfd_roll_back_unknown(void *pointer)
{
	struct dmfd_creation *creation = pointer;
	struct dm_ioctl reply;
	int found;

	dmfd_remove_private_nodes(creation->scratch);
	found = find_ours(creation, &reply);
	if (found <= 0)
		return found;
	close_descriptors_of(dmfd_decode_dev(reply.dev));
	creation->fd = -1;
	return remove_device(creation);
}
