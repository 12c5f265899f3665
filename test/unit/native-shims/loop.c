/*
 * What a shield that was killed while it attached a file has its successor do, by what the loop device says of itself:
 * the kernel is played here. One line each: what the loop device has, and how often it was detached.
 */
#include "device/identity.c"
#include "device/loop.c"
#include "device/requests.c"
#include "text.c"

#include <fcntl.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static struct loop_info64 told;
static int detached;

int dmfd_ioctl(int fd, uint32_t request, void *argument)
{
	(void)fd;
	if (request == LOOP_GET_STATUS64)
		*(struct loop_info64 *)argument = told;
	return 0;
}

int dmfd_ioctl_value(int fd, uint32_t request, int32_t value)
{
	(void)fd;
	(void)value;
	detached += request == LOOP_CLR_FD;
	return 0;
}

/* The shield is killed when the file is attached. */
int dmfd_in_shield(dmfd_shielded_fn *fn, void *argument, int *killed)
{
	*killed = 1;
	return fn(argument);
}

int dmfd_take_back(dmfd_shielded_fn *fn, void *argument)
{
	return fn(argument);
}

static void try(const char *has, uint64_t device, uint64_t inode, uint32_t flags)
{
	struct loop_info64 wanted = { .lo_flags = 0 };
	int backing = open("/proc/self/exe", O_RDONLY), result;

	told.lo_device = device;
	told.lo_inode = inode;
	told.lo_flags = flags;
	detached = 0;
	result = dmfd_loop_set_fd(-1, backing, &wanted);
	close(backing);
	printf("%s: %d, detached %d\n", has, result, detached);
}

int main(void)
{
	struct stat own;
	uint64_t device;

	if (stat("/proc/self/exe", &own) < 0)
		return 1;
	device = dmfd_encode_dev(own.st_dev);
	try("our file", device, own.st_ino, 0);
	try("our file, and goes by itself", device, own.st_ino, LO_FLAGS_AUTOCLEAR);
	try("another file", device, own.st_ino + 1, 0);
	try("a file with that inode number on another disk", dmfd_encode_dev(own.st_dev + 1), own.st_ino, 0);
	try("one whose number has the same lower half", device ^ UINT64_C(1) << 20, own.st_ino, 0);
	return 0;
}
