// A device that becomes read-only while it is open.
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "rows.h"

static void set(int fd, int value, const char *name)
{
	const char *result = outcome(ioctl(fd, BLKROSET, &value));
	ioctl(fd, BLKROGET, &value);
	row(name, "%s, BLKROGET %d", result, value);
}

void read_only_rows(const struct device *device)
{
	set(device->fd, 1, "BLKROSET");
	row("write-read-only", "%s", outcome(pwrite(device->fd, "x", 1, 0)));
	set(device->fd, 0, "BLKROSET-off");
	row("write-again", "%zd", pwrite(device->fd, "x", 1, 0));
}
