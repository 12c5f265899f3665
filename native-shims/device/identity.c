/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "identity.h"

#include "fd.h"
#include "portable.h"
#include "requests.h"
#include "text.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#ifndef BLKGETDISKSEQ
#define BLKGETDISKSEQ _IOR(0x12, 128, uint64_t)
#endif

dev_t dmfd_decode_dev(uint64_t encoded)
{
	/* 12 bits of major between 8 low and the rest of the minor's bits, as the kernel's huge_encode_dev() has it. */
	unsigned int major = (unsigned int)((encoded >> 8) & 0xfff);
	unsigned int minor = (unsigned int)((encoded & 0xff) | ((encoded >> 12) & 0xfff00));

	return makedev(major, minor);
}

uint64_t dmfd_encode_dev(dev_t dev)
{
	return (minor(dev) & 0xff) | (uint64_t)major(dev) << 8 | (uint64_t)(minor(dev) & ~0xffu) << 12;
}

dev_t dmfd_device_number(const struct dmfd_creation *creation)
{
	return makedev(creation->major, creation->minor);
}

int dmfd_prove_number(int fd, dev_t dev)
{
	struct stat st;

	if (dmfd_fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISBLK(st.st_mode))
		return -ENOTBLK;
	return st.st_rdev == dev ? 0 : -ESTALE;
}

int dmfd_prove_uuid(const struct dmfd_creation *creation, struct dm_ioctl *reply)
{
	int error;

	*reply = dmfd_status_request(creation);
	error = dmfd_ioctl(creation->control, DM_DEV_STATUS, reply);
	if (error)
		return error;
	/* Another program may have removed ours and made one with this UUID and, as it is the lowest, this number. */
	if (dmfd_decode_dev(reply->dev) != dmfd_device_number(creation) || reply->flags & DM_ACTIVE_PRESENT_FLAG)
		return -ESTALE;
	return 0;
}

static int read_number(const char *path, uint64_t *number)
{
	DMFD_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[32];
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, text, sizeof(text));
	if (length <= 0)
		return -EIO;
	return dmfd_parse_number(text, (size_t)length, number);
}

int dmfd_prove_diskseq(int fd, dev_t dev, uint64_t *diskseq)
{
	struct dmfd_text path = { .length = 0 };
	uint64_t from_fd = 0, from_sys = 0;

	if (dmfd_ioctl(fd, BLKGETDISKSEQ, &from_fd) < 0)
		return -EOPNOTSUPP;
	dmfd_append(&path, "/sys/dev/block/");
	dmfd_append_number(&path, major(dev));
	dmfd_append(&path, ":");
	dmfd_append_number(&path, minor(dev));
	dmfd_append(&path, "/diskseq");
	*diskseq = from_fd;
	if (read_number(path.bytes, &from_sys) < 0)
		return -EOPNOTSUPP;
	return from_fd == from_sys ? 0 : -ESTALE;
}
