// Whether a page of the block device's page cache may change while it is being written back:
//
//   descriptor-stable returned|opened NAME TABLE-LENGTH TARGET ARGUMENTS
//
// Prints how long the second write to a page took, in milliseconds. The target should take its time.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dm.h"

static int fail(const char *step, int error)
{
	fprintf(stderr, "%s: %s\n", step, strerror(error));
	return 1;
}

static long milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	if (argc != 6)
		return fail("usage", EINVAL);
	int returned = strcmp(argv[1], "returned") == 0;
	struct dm_ioctl request = dm_request(argv[2], returned ? FILE_DESCRIPTOR_FLAG | DM_DEFERRED_REMOVE : 0);
	int error = dm_send(DM_DEV_CREATE, &request);
	if (!error)
		error = dm_load(argv[2], 0, strtoull(argv[3], NULL, 10), argv[4], argv[5]);
	if (!error)
		error = dm_resume(argv[2]);
	if (error)
		return fail(argv[2], -error);

	int fd = returned ? (int)FILE_DESCRIPTOR(&request) : open(dm_node(dm_dev(&request)), O_RDWR | O_CLOEXEC);
	if (!returned)
		dm_remove(argv[2], DM_DEFERRED_REMOVE);

	char page[4096];
	memset(page, 'a', sizeof(page));
	if (pwrite(fd, page, sizeof(page), 0) < 0)
		return fail("first write", errno);
	if (sync_file_range(fd, 0, sizeof(page), SYNC_FILE_RANGE_WRITE) < 0)
		return fail("writeback", errno);
	long start = milliseconds();
	memset(page, 'b', sizeof(page));
	if (pwrite(fd, page, sizeof(page), 0) < 0)
		return fail("second write", errno);
	printf("%ld\n", milliseconds() - start);
	return 0;
}
