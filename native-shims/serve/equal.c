/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "serve.h"

#include "fd.h"
#include "portable.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As most architectures have them; newer than the headers that this has to be built with. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/*
 * The process that connected, and a descriptor of it, which becomes readable when it ends: what /proc said of the pid
 * before then, it said of this process.
 */
static int open_peer(int connection, pid_t *pid, int *by_number)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials), pidfd_size = sizeof(int);
	int pidfd;

	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return -1;
	*pid = credentials.pid;
	*by_number = 0;
	if (getsockopt(connection, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &pidfd_size) == 0)
		return pidfd;
	*by_number = 1;
	return errno == ENOPROTOOPT ? (int)syscall(SYS_pidfd_open, *pid, 0) : -1;
}

/* A process by the lines of /proc/PID/status. */
struct privileges {
	uint64_t capabilities; /* effective */
	unsigned int seccomp; /* mode */
	unsigned int uids[4]; /* real, effective, saved, of files */
};

/* Without the room for all of it: the names of the process and of its groups may be long. */
static int read_status(const char *process, char *text, size_t room)
{
	char path[64];
	size_t length = 0;
	ssize_t count;

	snprintf(path, sizeof(path), "/proc/%s/status", process);
	DMFD_AUTO_FD file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return -errno;
	while (length < room - 1 && (count = read(file, text + length, room - 1 - length)) != 0) {
		if (count < 0)
			return -errno;
		length += (size_t)count;
	}
	text[length] = '\0';
	return length < room - 1 ? 0 : -E2BIG;
}

/* The value of a line; a line of another kind has no line break in it, and so cannot pretend to be one. */
static const char *value_of(const char *status, const char *name)
{
	const char *line = strstr(status, name);

	return line ? line + strlen(name) : "";
}

static int read_privileges(const char *process, struct privileges *privileges)
{
	char status[16384];
	int error = read_status(process, status, sizeof(status));
	unsigned int *uids = privileges->uids;

	if (error)
		return error;
	if (sscanf(value_of(status, "\nUid:"), "%u %u %u %u", &uids[0], &uids[1], &uids[2], &uids[3]) != 4 ||
	    sscanf(value_of(status, "\nCapEff:"), "%" SCNx64, &privileges->capabilities) != 1)
		return -EPERM;
	/* Where the kernel has no filters, it has no such line. */
	if (sscanf(value_of(status, "\nSeccomp:"), "%u", &privileges->seccomp) != 1)
		privileges->seccomp = 0;
	return 0;
}

/* 0, or an enum dmfd_inequality. */
static int compare_privileges(const struct privileges *theirs, const struct privileges *ours)
{
	size_t i;

	for (i = 0; i < sizeof(ours->uids) / sizeof(ours->uids[0]); i++)
		if (theirs->uids[i] != ours->uids[i])
			return DMFD_INEQUALITY_USER;
	if ((theirs->capabilities & ours->capabilities) != ours->capabilities)
		return DMFD_INEQUALITY_CAPABILITIES;
	/* Which calls a filter lets through cannot be known. */
	return theirs->seccomp ? DMFD_INEQUALITY_FILTER : 0;
}

static int is_same_file(const char *process, const char *name)
{
	struct stat theirs, ours;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/%s", process, name);
	if (dmfd_stat(path, &theirs) < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/%s", name);
	if (dmfd_stat(path, &ours) < 0)
		return 0;
	return theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

/* The number of the mount in which a directory is: the same directory, mounted twice, has other mounts below it. */
static long mount_of(const char *process)
{
	char path[64], text[512];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%s/root", process);
	DMFD_AUTO_FD root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", root);
	DMFD_AUTO_FD info = open(path, O_RDONLY | O_CLOEXEC);
	length = info < 0 ? -1 : read(info, text, sizeof(text) - 1);
	if (length < 0)
		return -1;
	text[length] = '\0';

	const char *line = strstr(text, "mnt_id:");
	long mount;

	return line && sscanf(line, "mnt_id: %ld", &mount) == 1 ? mount : -1;
}

/* 0, or an enum dmfd_inequality. */
static int compare_places(const char *process)
{
	static const char *const namespaces[] = { "ns/mnt", "ns/user", "ns/pid", "ns/net" };
	const long mount = mount_of(process);
	size_t i;

	for (i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		if (!is_same_file(process, namespaces[i]))
			return DMFD_INEQUALITY_NAMESPACE;
	return is_same_file(process, "root") && mount >= 0 && mount == mount_of("self") ? 0 : DMFD_INEQUALITY_ROOT;
}

/*
 * What /proc said of a pid, it said of the process that connected, if that has not ended since; nor hung up, where its
 * descriptor was opened by number, which may have been another's by then.
 */
static int is_still_there(int pidfd, int by_number, int connection)
{
	struct pollfd ends[] = { { .fd = pidfd, .events = POLLIN }, { .fd = by_number ? connection : -1 } };

	return poll(ends, 2, 0) >= 0 && !ends[0].revents && !(ends[1].revents & (POLLHUP | POLLERR));
}

int dmfd_equal_peer(int connection)
{
	struct privileges theirs, ours;
	char process[16];
	int inequality, by_number;
	pid_t pid = 0;

	DMFD_AUTO_FD pidfd = open_peer(connection, &pid, &by_number);
	/* One of another pid namespace has no number here. */
	if (pidfd < 0 || pid == 0)
		return -DMFD_INEQUALITY_UNSEEN;
	snprintf(process, sizeof(process), "%d", pid);
	if (read_privileges(process, &theirs) < 0 || read_privileges("self", &ours) < 0)
		return -DMFD_INEQUALITY_UNSEEN;
	inequality = compare_privileges(&theirs, &ours);
	if (!inequality)
		inequality = compare_places(process);
	if (!is_still_there(pidfd, by_number, connection))
		return -DMFD_INEQUALITY_UNSEEN;
	return inequality ? -inequality : (int)pid;
}
