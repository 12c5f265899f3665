// Flushing, and the operations on ranges of the device.
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "rows.h"

#define BLOCK 4096
#define START (1 << 20)

static void fill(int fd)
{
	char buffer[BLOCK];
	memset(buffer, 'e', sizeof(buffer));
	if (pwrite(fd, buffer, sizeof(buffer), START) == BLOCK)
		fsync(fd);
}

static const char *content(int fd)
{
	char buffer[BLOCK];
	if (pread(fd, buffer, sizeof(buffer), START) != BLOCK)
		return outcome(-1);
	for (size_t i = 0; i < sizeof(buffer); i++)
		if (buffer[i] != 0)
			return "data";
	return "zeros";
}

static void range_row(int fd, const char *name, unsigned long command, uint64_t start, uint64_t length)
{
	uint64_t range[2] = { start, length };
	fill(fd);
	const char *result = outcome(ioctl(fd, command, range));
	row(name, "%s, %s", result, content(fd));
}

static void fallocate_row(int fd, const char *name, int mode, off_t length)
{
	fill(fd);
	const char *result = outcome(fallocate(fd, mode, START, length));
	row(name, "%s, %s", result, content(fd));
}

void range_rows(const struct device *device)
{
	int fd = device->fd;
	fill(fd);
	row("fsync", "%s", outcome(fsync(fd)));
	row("fdatasync", "%s", outcome(fdatasync(fd)));
	row("sync_file_range", "%s", outcome(sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE)));
	row("syncfs", "%s", outcome(syncfs(fd)));
	row("ftruncate", "%s", outcome(ftruncate(fd, 0)));
	row("BLKFLSBUF", "%s", outcome(ioctl(fd, BLKFLSBUF, 0)));
	row("BLKRRPART", "%s", outcome(ioctl(fd, BLKRRPART, 0)));
	range_row(fd, "BLKDISCARD", BLKDISCARD, START, BLOCK);
	range_row(fd, "BLKDISCARD-misaligned", BLKDISCARD, START + 1, BLOCK);
	range_row(fd, "BLKZEROOUT", BLKZEROOUT, START, BLOCK);
	range_row(fd, "BLKZEROOUT-beyond", BLKZEROOUT, START, device->bytes);
	fallocate_row(fd, "fallocate-punch", FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, BLOCK);
	fallocate_row(fd, "fallocate-zero", FALLOC_FL_ZERO_RANGE, BLOCK);
	fallocate_row(fd, "fallocate-extend", 0, BLOCK);
}
