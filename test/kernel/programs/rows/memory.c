// The page cache: mapping it, and filling it ahead of the reader.
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rows.h"

#define BLOCK 4096
#define START (2 << 20)
#define WINDOW (64 * BLOCK)

static void shared_rows(int fd)
{
	char buffer[16] = "";
	char *shared = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, fd, START);
	row("mmap-shared", "%s", outcome(shared == MAP_FAILED ? -1 : 0));
	if (shared == MAP_FAILED)
		return;
	strcpy(shared, "through memory");
	row("msync", "%s", outcome(msync(shared, BLOCK, MS_SYNC)));
	row("mmap-seen", "%zd %s", pread(fd, buffer, sizeof(buffer), START), buffer);
	munmap(shared, BLOCK);
}

static void private_rows(int fd)
{
	char *private = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, START);
	row("mmap-private", "%s", outcome(private == MAP_FAILED ? -1 : 0));
	if (private == MAP_FAILED)
		return;
	row("mmap-private-data", "%s", private);
	munmap(private, BLOCK);
}

// After one block was read from the cold cache, more than that block is in it.
static void ahead_rows(int fd)
{
	char buffer[BLOCK];
	unsigned char resident[WINDOW / BLOCK] = "";
	int count = 0;
	void *window = mmap(NULL, WINDOW, PROT_READ, MAP_SHARED, fd, 2 * START);
	if (window == MAP_FAILED) {
		row("read-ahead", "%s", outcome(-1));
		return;
	}
	fsync(fd);
	ioctl(fd, BLKFLSBUF, 0);
	for (int i = 0; i < 4; i++)
		if (pread(fd, buffer, sizeof(buffer), 2 * START + i * BLOCK) != BLOCK)
			break;
	mincore(window, WINDOW, resident);
	for (size_t i = 0; i < sizeof(resident); i++)
		count += resident[i] & 1;
	row("read-ahead", "%s", count > 4 ? "read more than asked for" : "read what was asked for");
	row("readahead", "%s", outcome(readahead(fd, 0, WINDOW)));
	row("posix_fadvise", "%d", posix_fadvise(fd, 0, WINDOW, POSIX_FADV_SEQUENTIAL));
	munmap(window, WINDOW);
}

void memory_rows(const struct device *device)
{
	shared_rows(device->fd);
	private_rows(device->fd);
	ahead_rows(device->fd);
}
