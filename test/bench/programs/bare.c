/*
 * What dmfd asks of device-mapper, and nothing else: creates COUNT devices of 8 sectors of zeros, which go with the
 * last descriptor, and holds them.
 *
 *   bare COUNT                 prints how many nanoseconds it took to make them and to let go of them
 *   bare COUNT COMMAND ARG...  becomes COMMAND, with the descriptors
 */
#include "now.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int control;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static struct dm_ioctl request(int number, unsigned int size, unsigned int flags)
{
	struct dm_ioctl asked = {
		.version = { 4, 0, 0 },
		.data_size = size,
		.data_start = sizeof(asked),
		.flags = flags,
	};

	snprintf(asked.name, sizeof(asked.name), "bare-%d-%d", getpid(), number);
	return asked;
}

static void ask(unsigned long command, const char *what, struct dm_ioctl *asked)
{
	if (ioctl(control, command, asked) < 0)
		fail(what);
}

static void load(int number)
{
	struct {
		struct dm_ioctl asked;
		struct dm_target_spec target;
		char arguments[8];
	} table = {
		.asked = request(number, sizeof(table), 0),
		.target = { .length = 8, .next = sizeof(table) - sizeof(table.asked), .target_type = "zero" },
	};

	table.asked.target_count = 1;
	ask(DM_TABLE_LOAD, "DM_TABLE_LOAD", &table.asked);
}

static int open_node(unsigned long long dev)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/dm-%llu", (dev & 0xff) | ((dev >> 12) & 0xfff00));
	fd = open(path, O_RDWR);
	if (fd < 0)
		fail(path);
	return fd;
}

static int make(int number)
{
	struct dm_ioctl create = request(number, sizeof(create), 0);
	struct dm_ioctl remove = request(number, sizeof(remove), DM_DEFERRED_REMOVE);
	struct dm_ioctl resume = request(number, sizeof(resume), 0);
	int fd;

	ask(DM_DEV_CREATE, "DM_DEV_CREATE", &create);
	load(number);
	fd = open_node(create.dev);
	ask(DM_DEV_REMOVE, "DM_DEV_REMOVE", &remove);
	ask(DM_DEV_SUSPEND, "DM_DEV_SUSPEND", &resume);
	return fd;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 0;
	int *held = calloc(count, sizeof(*held));
	long long since = now();

	control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	if (control < 0)
		fail("/dev/mapper/control");
	for (int number = 0; number < count; number++)
		held[number] = make(number);
	if (argc > 2) {
		execvp(argv[2], argv + 2);
		fail(argv[2]);
	}
	for (int number = 0; number < count; number++)
		close(held[number]);
	printf("%lld\n", now() - since);
	return 0;
}
