/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "requests.h"

#include "identity.h"

#include <string.h>
#include <sys/sysmacros.h>

static struct dm_ioctl empty_request(void)
{
	return (struct dm_ioctl){
		.version = { 4, 0, 0 },
		.data_size = sizeof(struct dm_ioctl),
		.data_start = sizeof(struct dm_ioctl),
	};
}

static struct dm_ioctl request_by_uuid(const struct dmfd_creation *creation)
{
	struct dm_ioctl request = empty_request();

	memcpy(request.uuid, creation->uuid, sizeof(request.uuid) - 1);
	return request;
}

static struct dm_ioctl request_by_number(const struct dmfd_creation *creation)
{
	struct dm_ioctl request = empty_request();

	request.dev = dmfd_encode_dev(dmfd_device_number(creation));
	return request;
}

struct dm_ioctl dmfd_create_request(const struct dmfd_creation *creation)
{
	struct dm_ioctl request = request_by_uuid(creation);

	memcpy(request.name, creation->name, sizeof(request.name) - 1);
	request.flags = creation->read_only ? DM_READONLY_FLAG : 0;
	return request;
}

struct dm_ioctl dmfd_status_request(const struct dmfd_creation *creation)
{
	return request_by_uuid(creation);
}

static struct dm_ioctl removal(const struct dmfd_creation *creation, struct dm_ioctl request)
{
	request.flags = DM_DEFERRED_REMOVE;
	request.event_nr = creation->udev_event;
	return request;
}

struct dm_ioctl dmfd_remove_request(const struct dmfd_creation *creation)
{
	return removal(creation, request_by_uuid(creation));
}

struct dm_ioctl dmfd_held_remove_request(const struct dmfd_creation *creation)
{
	return removal(creation, request_by_number(creation));
}

struct dm_ioctl dmfd_resume_request(const struct dmfd_creation *creation)
{
	struct dm_ioctl request = request_by_number(creation);

	request.event_nr = creation->udev_event;
	return request;
}

struct dm_ioctl dmfd_resizing_request(const struct dmfd_resizing *resizing)
{
	struct dm_ioctl request = empty_request();

	request.dev = dmfd_encode_dev(makedev(resizing->major, resizing->minor));
	return request;
}
