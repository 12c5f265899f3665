/*
 * Descriptors on their way to a command, where this process may have no more of them. One line each: what came of it,
 * what stands under the numbers from 10 on then, and once it was put back: null, zero, full, or nothing (-).
 */
#define _GNU_SOURCE
#include "command/descriptors.c"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Numbers from FIRST on, up to the limit; below, all are taken. */
enum { NULL_DEVICE = 3, ZERO, FULL, FIRST = 10, COUNT = 8, LIMIT = FIRST + COUNT };

static void take_lower_ones(void)
{
	int null = fcntl(open("/dev/null", O_RDWR), F_DUPFD, FIRST);
	int zero = fcntl(open("/dev/zero", O_RDWR), F_DUPFD, FIRST);
	int full = fcntl(open("/dev/full", O_RDWR), F_DUPFD, FIRST);
	int number;

	for (number = NULL_DEVICE; number < FIRST; number++)
		dup2(null, number);
	dup2(zero, ZERO);
	dup2(full, FULL);
}

static void begin(const char *kinds)
{
	int i;

	for (i = 0; i < COUNT; i++)
		if (kinds[i] == '-')
			close(FIRST + i);
		else
			dup2(kinds[i] == 'z' ? ZERO : kinds[i] == 'f' ? FULL : NULL_DEVICE, FIRST + i);
}

static void show(void)
{
	int number;

	for (number = FIRST; number < LIMIT; number++) {
		struct stat file;

		if (fstat(number, &file) < 0)
			putchar('-');
		else
			putchar(minor(file.st_rdev) == 5 ? 'z' : minor(file.st_rdev) == 7 ? 'f' : 'n');
	}
}

/* Moves the first number to the third, and the second to the fourth. */
static void try(const char *kinds)
{
	const struct dmfd_descriptor descriptors[] = {
		{ .source = 0, .target = 0 },
		{ .source = 1, .target = 1 },
		{ .source = 2, .target = 2 },
		{ .source = FIRST, .target = FIRST + 2 },
		{ .source = FIRST + 1, .target = FIRST + 3 },
	};
	struct dmfd_displaced displaced;
	int error;

	begin(kinds);
	error = dmfd_arrange_descriptors(descriptors, 5, &displaced);
	printf("%s %s: ", kinds, error ? strerrorname_np(-error) : "moved");
	show();
	dmfd_put_back_descriptors(&displaced);
	printf(" ");
	show();
	printf("\n");
}

int main(void)
{
	const struct rlimit limit = { .rlim_cur = LIMIT, .rlim_max = LIMIT };

	take_lower_ones();
	setrlimit(RLIMIT_NOFILE, &limit);
	try("zfnn----");
	try("zf------");
	try("zfnnn---");
	try("zfnnnn--");
	try("zfnnnnn-");
	try("zfnnnnnn");
	try("zf-n----");
	return 0;
}
