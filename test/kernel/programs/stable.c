// Whether a page of the block device's page cache may change while it is being written back:
//
//   descriptor-stable returned|opened NAME TABLE-LENGTH TARGET ARGUMENTS BACKING
//
// Writes a page of 'a', and one of 'b' over it while the first is on its way to the device, for which the target should
// take its time. Prints which of them was the first to reach BACKING, the file where the device begins.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dm.h"

static int fail(const char *step, int error)
{
	fprintf(stderr, "%s: %s\n", step, strerror(error));
	return 1;
}

int main(int argc, char **argv)
{
	if (argc != 7)
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
	memset(page, 'b', sizeof(page));
	if (pwrite(fd, page, sizeof(page), 0) < 0)
		return fail("second write", errno);
	// The second one begins its way when the kernel wants it to, half a minute later.
	if (sync_file_range(fd, 0, sizeof(page), SYNC_FILE_RANGE_WAIT_BEFORE) < 0)
		return fail("the end of the writeback", errno);
	int backing = open(argv[6], O_RDONLY | O_CLOEXEC);
	if (backing < 0 || pread(backing, page, 1, 0) != 1)
		return fail(argv[6], errno);
	printf("%c\n", page[0]);
	return 0;
}
