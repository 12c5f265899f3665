// Other descriptors of the same device: opened again, passed on, locked, waited for.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../dm.h"
#include "rows.h"

#define OFFSET (3 << 20)

static int reopen(int fd, int flags)
{
	char path[32];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

static int open_count(const struct device *device)
{
	struct dm_ioctl request = dm_request(device->name, 0);
	return dm_send(DM_DEV_STATUS, &request) ? -1 : request.open_count;
}

static void reopen_rows(const struct device *device)
{
	char buffer[8] = "";
	struct stat status = { 0 };
	row("open-count", "%d", open_count(device));
	int again = reopen(device->fd, O_RDWR);
	row("reopen", "%s", outcome(again));
	if (again >= 0) {
		fstat(again, &status);
		row("reopen-rdev", "%s", status.st_rdev == device->dev ? "the new device" : "another device");
		row("reopen-counts", "%d", open_count(device));
		row("reopen-write", "%zd", pwrite(again, "again", 6, OFFSET));
		row("reopen-own-offset", "%lld", (long long)lseek(again, 0, SEEK_CUR));
		row("reopen-seen", "%zd %s", pread(device->fd, buffer, sizeof(buffer), OFFSET), buffer);
		close(again);
	}
	again = reopen(device->fd, O_RDONLY);
	row("reopen-readonly", "%s", outcome(again));
	row("reopen-readonly-write", "%s", outcome(pwrite(again, "x", 1, OFFSET)));
	close(again);
	again = reopen(device->fd, O_RDONLY | O_DIRECT);
	row("reopen-direct", "%s", outcome(again));
	close(again);
	again = reopen(device->fd, O_PATH);
	row("reopen-path", "%s", outcome(again));
	row("reopen-path-read", "%s", outcome(read(again, buffer, 1)));
	row("reopen-path-counts", "%d", open_count(device));
	close(again);
}

static int send_descriptor(int socket, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = {
			      .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int)) } };
	struct iovec byte = { "", 1 };
	struct msghdr message = {
		.msg_iov = &byte, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) < 0 ? -1 : 0;
}

static int receive_descriptor(int socket)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	int fd = -1;
	if (recvmsg(socket, &message, 0) < 0 || !CMSG_FIRSTHDR(&message))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

// A process that has no other way to the device writes to it.
static void passing_rows(const struct device *device)
{
	char buffer[8] = "";
	int ends[2];
	int status = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return;
	pid_t child = fork();
	if (child == 0) {
		close(device->fd);
		int received = receive_descriptor(ends[1]);
		_exit(received >= 0 && pwrite(received, "passed", 7, OFFSET) == 7 ? 0 : 1);
	}
	row("pass", "%s", outcome(send_descriptor(ends[0], device->fd)));
	close(ends[0]);
	close(ends[1]);
	waitpid(child, &status, 0);
	row("pass-used", "%s", status == 0 ? "ok" : "failed");
	row("pass-seen", "%zd %s", pread(device->fd, buffer, sizeof(buffer), OFFSET), buffer);
}

static void lock_rows(const struct device *device)
{
	row("flock", "%s", outcome(flock(device->fd, LOCK_EX | LOCK_NB)));
	int again = reopen(device->fd, O_RDWR);
	row("flock-reopened", "%s", outcome(flock(again, LOCK_EX | LOCK_NB)));
	close(again);
	// May differ: this lock is of the node, not of the device, and a returned descriptor has its own.
	int node = open(device->node, O_RDWR | O_CLOEXEC);
	row("place-flock-node", "%s", outcome(flock(node, LOCK_EX | LOCK_NB)));
	close(node);
	row("flock-unlock", "%s", outcome(flock(device->fd, LOCK_UN)));
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 512 };
	row("fcntl-lock", "%s", outcome(fcntl(device->fd, F_OFD_SETLK, &range)));
	range.l_type = F_UNLCK;
	fcntl(device->fd, F_OFD_SETLK, &range);
}

static void wait_rows(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN | POLLOUT | POLLPRI };
	struct epoll_event event = { .events = EPOLLIN };
	int queue = epoll_create1(EPOLL_CLOEXEC);
	row("poll", "%d", poll(&ready, 1, 0));
	row("poll-events", "%x", ready.revents);
	row("epoll", "%s", outcome(epoll_ctl(queue, EPOLL_CTL_ADD, fd, &event)));
	close(queue);
}

void sharing_rows(const struct device *device)
{
	reopen_rows(device);
	passing_rows(device);
	lock_rows(device);
	wait_rows(device->fd);
}
