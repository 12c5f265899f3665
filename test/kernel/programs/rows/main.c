// Runs every row on one kind of descriptor:
//
//   descriptor-rows returned|opened NAME MAJ:MIN SECTORS
//
// `returned` comes from DM_DEV_CREATE, before there was a table. `opened` is open(2) of the device node, in
// the order that keeps a device from leaking on kernels without the flag. Both live until their last close.
#include "rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../dm.h"

static int fail(const char *step, int error)
{
	fprintf(stderr, "%s: %s\n", step, strerror(-error));
	return 1;
}

void row(const char *name, const char *format, ...)
{
	va_list arguments;
	printf("%s\t", name);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout);
}

const char *outcome(long result)
{
	return result < 0 ? strerrorname_np(errno) : "ok";
}

static int load(const char *name, uint64_t sectors, const char *backing)
{
	char arguments[64];
	snprintf(arguments, sizeof(arguments), "%s 0", backing);
	return dm_load(name, 0, sectors, "linear", arguments);
}

static int make_returned(struct device *device, uint64_t sectors, const char *backing)
{
	struct dm_ioctl request = dm_request(device->name, FILE_DESCRIPTOR_FLAG | DM_DEFERRED_REMOVE);
	int error = dm_send(DM_DEV_CREATE, &request);
	if (error)
		return error;
	if (FILE_DESCRIPTOR(&request) == NO_DESCRIPTOR)
		return -EOPNOTSUPP;
	device->fd = (int)FILE_DESCRIPTOR(&request);
	device->dev = dm_dev(&request);
	return load(device->name, sectors, backing);
}

static int make_opened(struct device *device, uint64_t sectors, const char *backing)
{
	struct dm_ioctl request = dm_request(device->name, 0);
	int error = dm_send(DM_DEV_CREATE, &request);
	if (!error)
		error = load(device->name, sectors, backing);
	if (error)
		return error;
	device->dev = dm_dev(&request);
	device->fd = open(dm_node(device->dev), O_RDWR | O_CLOEXEC);
	if (device->fd < 0)
		return -errno;
	return dm_remove(device->name, DM_DEFERRED_REMOVE);
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: %s returned|opened NAME MAJ:MIN SECTORS\n", argv[0]);
		return 2;
	}
	uint64_t sectors = strtoull(argv[4], NULL, 10);
	struct device device = { .name = argv[2], .bytes = sectors * 512 };

	int error = strcmp(argv[1], "returned") == 0 ? make_returned(&device, sectors, argv[3]) :
						       make_opened(&device, sectors, argv[3]);
	if (!error)
		error = dm_resume(device.name);
	if (error)
		return fail(argv[1], error);
	snprintf(device.node, sizeof(device.node), "%s", dm_node(device.dev));

	identity_rows(&device);
	transfer_rows(&device);
	range_rows(&device);
	memory_rows(&device);
	sharing_rows(&device);
	holder_rows(&device);
	read_only_rows(&device);
	return 0;
}
