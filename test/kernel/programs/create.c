// DM_DEV_CREATE with any flags, and what came back:
//
//   descriptor-create [--fd] [--deferred] [--readonly] [--uuid U] [--minor N] [--full] [--unwritable]
//                     [--compat] NAME [COMMAND...]
//
// --full leaves no descriptor number free, --unwritable puts the reply where the kernel cannot write it, --compat
// calls as a 32-bit program does. COMMAND replaces the program and has the returned descriptor as 3, if there is one.
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "dm.h"

struct options {
	uint32_t flags;
	const char *uuid;
	long minor;
	bool full;
	bool unwritable;
	bool compat;
};

static int usage(const char *program)
{
	fprintf(stderr, "usage: %s [OPTION...] NAME [COMMAND...]\n", program);
	return 2;
}

// The index of the first argument that is no option, or -1.
static int parse(int argc, char **argv, struct options *options)
{
	int i = 1;
	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		const char *option = argv[i] + 2;
		if (strcmp(option, "fd") == 0)
			options->flags |= FILE_DESCRIPTOR_FLAG;
		else if (strcmp(option, "deferred") == 0)
			options->flags |= DM_DEFERRED_REMOVE;
		else if (strcmp(option, "readonly") == 0)
			options->flags |= DM_READONLY_FLAG;
		else if (strcmp(option, "full") == 0)
			options->full = true;
		else if (strcmp(option, "unwritable") == 0)
			options->unwritable = true;
		else if (strcmp(option, "compat") == 0)
			options->compat = true;
		else if (strcmp(option, "uuid") == 0 && i + 1 < argc)
			options->uuid = argv[++i];
		else if (strcmp(option, "minor") == 0 && i + 1 < argc)
			options->minor = strtol(argv[++i], NULL, 10);
		else
			return -1;
	}
	return i < argc ? i : -1;
}

// The version at the start of a request is written back early, so that has to be possible: the reply's other
// fields begin with the next page, which is read-only.
static struct dm_ioctl *unwritable_copy(const struct dm_ioctl *request)
{
	long page = sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		abort();
	char *copy = pages + page - sizeof(request->version);
	memcpy(copy, request, sizeof(*request));
	if (mprotect(pages + page, page, PROT_READ) < 0)
		abort();
	return (struct dm_ioctl *)(void *)copy;
}

// The kernel's entry for 32-bit programs can be used by any program, with addresses that fit. -errno on failure.
static int ioctl_compat(int fd, unsigned command, struct dm_ioctl *request)
{
	struct dm_ioctl *low =
		mmap(NULL, sizeof(*low), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (low == MAP_FAILED)
		abort();
	const int ioctl_number = 54;
	int result;
	*low = *request;
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(ioctl_number), "b"(fd), "c"(command), "d"(low)
			 : "memory", "cc", "r8", "r9", "r10", "r11");
	*request = *low;
	return result;
}

static int create(const struct options *options, int control, struct dm_ioctl *request)
{
	if (options->compat)
		return -ioctl_compat(control, DM_DEV_CREATE, request);
	return ioctl(control, DM_DEV_CREATE, request) < 0 ? errno : 0;
}

// A number that is reserved but has no file does not show in /proc/self/fd.
static int next_number(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd;
}

static void leave_no_number(void)
{
	struct rlimit limit = { 0 };
	limit.rlim_cur = limit.rlim_max = (rlim_t)next_number();
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		abort();
}

static void describe(int fd, dev_t dev)
{
	struct stat status = { 0 };
	printf("fd-flags %x\n", (unsigned)fcntl(fd, F_GETFD));
	printf("fd-mode %x\n", (unsigned)fcntl(fd, F_GETFL) & O_ACCMODE);
	printf("fd-is %s\n", fstat(fd, &status) < 0   ? strerrorname_np(errno) :
			     !S_ISBLK(status.st_mode) ? "no block device" :
			     status.st_rdev == dev    ? "the device" :
							"another device");
}

int main(int argc, char **argv)
{
	struct options options = { .minor = -1 };
	int first = parse(argc, argv, &options);
	if (first < 0)
		return usage(argv[0]);

	struct dm_ioctl request = dm_request(argv[first], options.flags);
	if (options.uuid)
		snprintf(request.uuid, sizeof(request.uuid), "%s", options.uuid);
	if (options.minor >= 0) {
		request.flags |= DM_PERSISTENT_DEV_FLAG;
		request.dev = (uint64_t)options.minor;
	}
	struct dm_ioctl *reply = options.unwritable ? unwritable_copy(&request) : &request;

	int before = open_descriptors();
	int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	int next = next_number();
	if (options.full)
		leave_no_number();
	int error = create(&options, control, reply);
	printf("error %s\n", error ? strerrorname_np(error) : "none");
	if (error && !options.full)
		printf("number %s\n", next_number() == next ? "free" : "taken");
	close(control);
	if (!options.full)
		printf("opened %d\n", open_descriptors() - before);
	if (error)
		return 1;

	int fd = (int)FILE_DESCRIPTOR(reply);
	dev_t dev = dm_dev(reply);
	printf("flags %x\ndev %u:%u\nopen-count %d\n", reply->flags, major(dev), minor(dev), reply->open_count);
	printf("descriptor %s\n", FILE_DESCRIPTOR(reply) == NO_DESCRIPTOR ? "untouched" : "set");
	if (FILE_DESCRIPTOR(reply) != NO_DESCRIPTOR)
		describe(fd, dev);
	fflush(stdout);

	if (first + 1 == argc)
		return 0;
	if (fd == 3)
		fcntl(fd, F_SETFD, 0);
	else if (fd > 3)
		dup2(fd, 3);
	execvp(argv[first + 1], argv + first + 1);
	perror(argv[first + 1]);
	return 127;
}
