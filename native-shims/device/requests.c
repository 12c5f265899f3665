/* SPDX-License-Identifier: Apache-2.0 */
#include "requests.h"

#include <string.h>

static struct dm_ioctl request_by_uuid(const struct dmfd_creation *creation)
{
	struct dm_ioctl request = {
		.version = { 4, 0, 0 },
		.data_size = sizeof(request),
		.data_start = sizeof(request),
	};

	memcpy(request.uuid, creation->uuid, sizeof(request.uuid) - 1);
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

struct dm_ioctl dmfd_remove_request(const struct dmfd_creation *creation)
{
	struct dm_ioctl request = request_by_uuid(creation);

	request.flags = DM_DEFERRED_REMOVE;
	request.event_nr = creation->udev_event;
	return request;
}

struct dm_ioctl dmfd_resume_request(const struct dmfd_creation *creation)
{
	struct dm_ioctl request = request_by_uuid(creation);

	request.event_nr = creation->udev_event;
	return request;
}
