/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "rollback.h"

#include "fd.h"
#include "identity.h"
#include "lost.h"
#include "node.h"
#include "requests.h"
#include "text.h"

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
	struct dmfd_text path, expected = { .length = 0 };

	dmfd_append(&expected, "/sys/devices/virtual/block/dm-");
	dmfd_append_number(&expected, minor(dev));
	dmfd_append(&expected, "/diskseq");
	return dmfd_path_of(fd, &path) == 0 && strcmp(path.bytes, expected.bytes) == 0;
}

static int is_of_device(int fd, const void *dev)
{
	return dmfd_prove_number(fd, *(const dev_t *)dev) == 0 || is_diskseq_file(fd, *(const dev_t *)dev);
}

int dmfd_roll_back_unknown(void *pointer)
{
	struct dmfd_creation *creation = pointer;
	struct dm_ioctl reply;
	dev_t dev;
	int found;

	dmfd_remove_private_nodes(creation->scratch);
	found = find_ours(creation, &reply);
	if (found <= 0)
		return found;
	dev = dmfd_decode_dev(reply.dev);
	dmfd_close_lost(is_of_device, &dev);
	creation->fd = -1;
	return remove_device(creation);
}
