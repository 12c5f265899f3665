// The kernel's own users of the device, while the descriptor is open.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <unistd.h>

#include "rows.h"

static int make(const char *program, const char *node)
{
	char command[96];
	snprintf(command, sizeof(command), "%s %s >/dev/null 2>&1", program, node);
	return system(command);
}

static void exclusive_row(const struct device *device, const char *name)
{
	int exclusive = open(device->node, O_RDWR | O_EXCL | O_CLOEXEC);
	row(name, "%s", outcome(exclusive));
	if (exclusive >= 0)
		close(exclusive);
}

static void mount_rows(const struct device *device)
{
	char through[32];
	char directory[] = "/tmp/rows-XXXXXX";
	if (!mkdtemp(directory))
		abort();
	row("mkfs", "%d", make("mkfs.ext4 -q -F", device->node));
	row("mount", "%s", outcome(mount(device->node, directory, "ext4", 0, NULL)));
	exclusive_row(device, "exclusive-while-mounted");
	row("umount", "%s", outcome(umount(directory)));
	snprintf(through, sizeof(through), "/proc/self/fd/%d", device->fd);
	row("mount-through-descriptor", "%s", outcome(mount(through, directory, "ext4", 0, NULL)));
	row("umount-again", "%s", outcome(umount(directory)));
	rmdir(directory);
}

static void swap_rows(const struct device *device)
{
	row("mkswap", "%d", make("mkswap", device->node));
	row("swapon", "%s", outcome(swapon(device->node, 0)));
	row("write-to-swap", "%s", outcome(pwrite(device->fd, "x", 1, 0)));
	exclusive_row(device, "exclusive-while-swap");
	row("swapoff", "%s", outcome(swapoff(device->node)));
}

void holder_rows(const struct device *device)
{
	exclusive_row(device, "exclusive-elsewhere");
	mount_rows(device);
	swap_rows(device);
}
