/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dmfd.h"
#include "identity.h"
#include "portable.h"

#include <errno.h>
#include <linux/loop.h>
#include <string.h>
#include <sys/stat.h>

struct attachment {
	int loop;
	int backing;
	struct loop_info64 *info;
};

static int attach(void *pointer)
{
	struct attachment *attachment = pointer;
	int error = dmfd_ioctl_value(attachment->loop, LOOP_SET_FD, attachment->backing);

	if (error < 0)
		return error;
	error = dmfd_ioctl(attachment->loop, LOOP_SET_STATUS64, attachment->info);
	if (error < 0)
		dmfd_ioctl_value(attachment->loop, LOOP_CLR_FD, 0);
	return error;
}

static int is_same_file(const struct loop_info64 *info, const struct stat *file)
{
	return info->lo_inode == file->st_ino && dmfd_decode_dev(info->lo_device) == file->st_dev;
}

/* Detaches the file that a killed shield attached, if the loop device still has it and is not set to autoclear. */
static int detach_ours(void *pointer)
{
	struct attachment *attachment = pointer;
	struct loop_info64 now;
	struct stat backing;
	int error;

	memset(&now, 0, sizeof(now));
	error = dmfd_ioctl(attachment->loop, LOOP_GET_STATUS64, &now);
	if (error < 0)
		return error == -ENXIO ? 0 : error;
	if (dmfd_fstat(attachment->backing, &backing) < 0)
		return -errno;
	if (!is_same_file(&now, &backing) || now.lo_flags & LO_FLAGS_AUTOCLEAR)
		return 0;
	return dmfd_ioctl_value(attachment->loop, LOOP_CLR_FD, 0);
}

/*
 * The way before LOOP_CONFIGURE (Linux 5.8): attach first, set autoclear second. A kill in between would leave the loop
 * device attached, hence the shield. 0 or -errno; EBUSY when another process took the device first.
 */
int dmfd_loop_set_fd(int loop, int backing, void *status64)
{
	struct attachment attachment = { .loop = loop, .backing = backing, .info = status64 };
	int killed, error;

	error = dmfd_in_shield(attach, &attachment, &killed);
	if (!killed)
		return error;
	dmfd_take_back(detach_ours, &attachment);
	return -EINTR;
}
