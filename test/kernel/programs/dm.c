#include "dm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct dm_ioctl dm_request(const char *name, uint32_t flags)
{
	struct dm_ioctl request = {
		.version = { 4, 0, 0 },
		.data_size = sizeof(request),
		.data_start = sizeof(request),
		.flags = flags,
		.padding = NO_DESCRIPTOR,
	};
	snprintf(request.name, sizeof(request.name), "%s", name);
	return request;
}

int dm_send(unsigned long command, struct dm_ioctl *request)
{
	int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	if (control < 0)
		return -errno;
	int result = ioctl(control, command, request) < 0 ? -errno : 0;
	close(control);
	return result;
}

int dm_load(const char *name, uint32_t flags, uint64_t sectors, const char *type, const char *arguments)
{
	struct {
		struct dm_ioctl request;
		struct dm_target_spec target;
		char arguments[512];
	} load = {
		.request = dm_request(name, flags),
		.target = { .length = sectors },
	};
	load.request.data_size = sizeof(load);
	load.request.data_start = offsetof(__typeof__(load), target);
	load.request.target_count = 1;
	load.target.next = sizeof(load) - load.request.data_start;
	snprintf(load.target.target_type, sizeof(load.target.target_type), "%s", type);
	snprintf(load.arguments, sizeof(load.arguments), "%s", arguments);
	return dm_send(DM_TABLE_LOAD, &load.request);
}

int dm_resume(const char *name)
{
	struct dm_ioctl request = dm_request(name, 0);
	return dm_send(DM_DEV_SUSPEND, &request);
}

int dm_remove(const char *name, uint32_t flags)
{
	struct dm_ioctl request = dm_request(name, flags);
	return dm_send(DM_DEV_REMOVE, &request);
}

// Device numbers cross this interface in the kernel's 32-bit user encoding.
dev_t dm_dev(const struct dm_ioctl *reply)
{
	return makedev((reply->dev >> 8) & 0xfff, (reply->dev & 0xff) | ((reply->dev >> 12) & 0xfff00));
}

const char *dm_node(dev_t dev)
{
	static char path[32];
	snprintf(path, sizeof(path), "/dev/dm-%u", minor(dev));
	return path;
}

int open_descriptors(void)
{
	int count = 0;
	DIR *directory = opendir("/proc/self/fd");
	while (directory && readdir(directory))
		count++;
	if (directory)
		closedir(directory);
	return count;
}
