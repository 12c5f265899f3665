/*
 * Which error is told when no private node opens the device: the kernel is played here. One line each: how mkdir(2),
 * mknod(2) and open(2) go in the five places, one letter each, what came of it, and in how many places a node was made.
 */
#define _GNU_SOURCE
#include "portable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int played_mkdir(void);
static int played_mknod(void);
static int played_open(int flags);
static int nothing(void);
#undef dmfd_mknod
#define dmfd_mknod(path, mode, dev) played_mknod()
#define mkdir(path, mode) played_mkdir()
#define open(path, flags) played_open(flags)
#define unlink(path) nothing()
#define rmdir(path) nothing()
#include "device/node.c"
#include "text.c"

/* What is left of the line. */
static const char *next;
static int made;

static int answer(char wanted, int error)
{
	if (*next != wanted)
		return 0;
	errno = error;
	next++;
	return -1;
}

static int played_mkdir(void)
{
	return answer('-', ENOENT) || answer('r', EROFS) ? -1 : 0;
}

static int played_mknod(void)
{
	if (answer('p', EPERM))
		return -1;
	made++;
	return 0;
}

static int played_open(int flags)
{
	(void)flags;
	if (answer('d', EACCES) || answer('x', ENXIO) || answer('g', EPERM))
		return -1;
	next++;
	return 7;
}

static int nothing(void)
{
	return 0;
}

int dmfd_prove_number(int fd, dev_t dev)
{
	(void)fd;
	(void)dev;
	return 0;
}

int dmfd_path_of(int fd, struct dmfd_text *path)
{
	(void)fd;
	(void)path;
	return -ENOENT;
}

int dmfd_close_lost(int (*is_lost)(int, const void *), const void *argument)
{
	(void)is_lost;
	(void)argument;
	return 0;
}

int dmfd_in_shield(dmfd_shielded_fn *fn, void *argument, int *killed)
{
	*killed = 0;
	return fn(argument);
}

int dmfd_take_back(dmfd_shielded_fn *fn, void *argument)
{
	return fn(argument);
}

int main(void)
{
	static const char *const lines[] = { "+----", "r+---", "d+---", "ddddd", "xdddd", "dxddd", "gpppp",
					     "ppppp", "pppp-", "-p---", "rpppp", "-----", "p--d-" };
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		int result;

		next = lines[i];
		made = 0;
		result = dmfd_open_by_number(1, 7, 0, 1, "scratch");
		printf("%s: %s, made %d\n", lines[i], result < 0 ? strerrorname_np(-result) : "open", made);
	}
	return 0;
}
