// Which device it is, and how it is open.
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "rows.h"

#ifndef BLKGETDISKSEQ
#define BLKGETDISKSEQ _IOR(0x12, 128, uint64_t)
#endif

static unsigned long long diskseq_in_sysfs(dev_t dev)
{
	char path[64];
	unsigned long long value = 0;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/diskseq", major(dev), minor(dev));
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%llu", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

static unsigned flags_in_fdinfo(int fd)
{
	char path[64];
	char line[128];
	unsigned flags = 0;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "flags: %o", &flags) == 1)
			break;
	fclose(file);
	return flags;
}

static void stat_rows(const struct device *device)
{
	struct stat status;
	struct statx extended;
	if (fstat(device->fd, &status) < 0) {
		row("fstat", "%s", outcome(-1));
		return;
	}
	row("fstat", "mode %o, owner %u:%u, size %lld", status.st_mode, status.st_uid, status.st_gid,
	    (long long)status.st_size);
	row("fstat-rdev", "%s", status.st_rdev == device->dev ? "the new device" : "another device");
	row("statx-rdev", "%s",
	    statx(device->fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &extended) == 0 &&
			    makedev(extended.stx_rdev_major, extended.stx_rdev_minor) == device->dev ?
		    "the new device" :
		    "another device");
	row("fchmod", "%s", outcome(fchmod(device->fd, 0640)));
	fstat(device->fd, &status);
	row("fchmod-seen", "%o", status.st_mode & 07777);
	fchmod(device->fd, 0600);
}

// These may differ: the file of a returned descriptor is not in /dev.
static void place_rows(const struct device *device)
{
	char link[64];
	char target[128] = "";
	struct statfs filesystem;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", device->fd);
	if (readlink(link, target, sizeof(target) - 1) < 0)
		snprintf(target, sizeof(target), "%s", outcome(-1));
	row("place-readlink", "%s", strcmp(target, device->node) == 0 ? "the node" : target);
	row("place-fstatfs", "%s", fstatfs(device->fd, &filesystem) < 0 ? outcome(-1) : "ok");
}

void identity_rows(const struct device *device)
{
	uint64_t bytes = 0;
	uint64_t diskseq = 0;
	int block_size = 0;
	int sector_size = 0;

	stat_rows(device);
	place_rows(device);
	row("getfl", "%o", fcntl(device->fd, F_GETFL));
	row("getfd", "%d", fcntl(device->fd, F_GETFD));
	row("fdinfo-flags", "%o", flags_in_fdinfo(device->fd));
	ioctl(device->fd, BLKGETSIZE64, &bytes);
	row("BLKGETSIZE64", "%llu", (unsigned long long)bytes);
	ioctl(device->fd, BLKGETDISKSEQ, &diskseq);
	row("BLKGETDISKSEQ", "%s", diskseq && diskseq == diskseq_in_sysfs(device->dev) ? "as in sysfs" : "another one");
	ioctl(device->fd, BLKSSZGET, &sector_size);
	row("BLKSSZGET", "%d", sector_size);
	ioctl(device->fd, BLKBSZGET, &block_size);
	row("BLKBSZGET", "%d", block_size);
	row("unknown-ioctl", "%s", outcome(ioctl(device->fd, _IO(0x12, 250))));
}
