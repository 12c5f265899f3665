/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "keeper.h"

#include "child.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int receive(int socket, struct dmfd_key_reply *reply)
{
	ssize_t length;

	do
		length = recv(socket, reply, sizeof(*reply), 0);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	/* Its end was closed by the kernel: it was killed. */
	return length == sizeof(*reply) ? reply->result : -EPIPE;
}

/*
 * As fork(2), but a tracer that follows children (strace -f) does not get this one, and no SIGCHLD tells of its end.
 * With every signal blocked: no handler of dmfd's may run in it.
 */
static pid_t clone_untraced(sigset_t *before)
{
	sigset_t all;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, before);
	pid = (pid_t)syscall(SYS_clone, CLONE_UNTRACED, 0, 0, 0, 0);
	if (pid != 0)
		sigprocmask(SIG_SETMASK, before, NULL);
	return pid < 0 ? -errno : pid;
}

int dmfd_keeper_start(struct dmfd_key_keeper *keeper, struct dmfd_creation *creation, const struct dm_ioctl *table)
{
	struct dmfd_key_reply reply;
	sigset_t before;
	int sockets[2], error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;
	keeper->socket = sockets[0];
	keeper->pid = clone_untraced(&before);
	if (keeper->pid == 0)
		dmfd_key_child(sockets[1], creation, table);
	close(sockets[1]);
	if (keeper->pid < 0) {
		close(sockets[0]);
		return keeper->pid;
	}
	error = receive(keeper->socket, &reply);
	if (error)
		dmfd_keeper_end(keeper);
	else
		creation->key_size = reply.key_size;
	return error;
}

int dmfd_keeper_load(const struct dmfd_key_keeper *keeper, struct dmfd_creation *creation)
{
	struct dmfd_key_reply reply = { .result = 0 };
	const char order = DMFD_KEY_ORDER_LOAD;
	int error;

	if (send(keeper->socket, &order, sizeof(order), MSG_NOSIGNAL) < 0)
		return -errno;
	error = receive(keeper->socket, &reply);
	creation->key_given = reply.given;
	creation->keyring_error = reply.keyring_error;
	return error;
}

void dmfd_keeper_end(struct dmfd_key_keeper *keeper)
{
	close(keeper->socket);
	while (waitpid(keeper->pid, NULL, (int)__WCLONE) < 0 && errno == EINTR)
		;
}
