/*
 * All descriptors from a number on are closed, with what a kernel or a container has for that. One line each: what
 * stands under the numbers from 3 to 9 and 1000 then, and whether it took many calls.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int with_close_range, with_proc, calls;

static int counted_close(int fd)
{
	calls++;
	return close(fd);
}

/* A path that leads nowhere is one of /proc where that is not mounted. */
static const char *path_of_now(const char *path)
{
	return with_proc ? path : "/nonexistent";
}

#include "text.c"

#undef SYS_close_range
#define SYS_close_range (with_close_range ? 436 : -1)
#define close(fd) counted_close(fd)
#define open(path, flags) open(path_of_now(path), flags)
#include "close-from.c"
#undef _LARGEFILE64_SOURCE
#include "open-descriptors.c"
#undef close
#undef open

enum { ROOM = 20000, FAR = 1000 };

static void try(const char *what)
{
	int fd, null = open("/dev/null", O_RDONLY);

	for (fd = 3; fd < 10; fd++)
		dup2(null, fd);
	dup2(null, FAR);
	calls = 0;
	dmfd_close_from(5);
	printf("%s: ", what);
	for (fd = 3; fd < 10; fd++)
		putchar(fcntl(fd, F_GETFD) < 0 ? '-' : 'x');
	printf(" %c, %s\n", fcntl(FAR, F_GETFD) < 0 ? '-' : 'x', calls < ROOM / 2 ? "few calls" : "many");
}

int main(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1;
	limit.rlim_cur = ROOM;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1;
	with_close_range = with_proc = 1;
	try("by one call");
	with_close_range = 0;
	try("without that, by /proc");
	with_proc = 0;
	try("without both");
	return 0;
}
