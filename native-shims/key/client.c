/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "client.h"

#include "clone.h"
#include "fd.h"
#include "process.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* How long a cancelled process has to wipe the key, or the part of it that it has read. */
#define GRACE_MS 1000

int dmfd_key_client_receive(const struct dmfd_key_client *client, void *reply, size_t size)
{
	ssize_t length;

	do
		length = recv(client->socket, reply, size, 0);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	/* The kernel closed the other end: the process was killed. */
	return length == (ssize_t)size ? 0 : -EPIPE;
}

static int receive(const struct dmfd_key_client *client, struct dmfd_key_reply *reply)
{
	int error = dmfd_key_client_receive(client, reply, sizeof(*reply));

	return error ? error : reply->result;
}

/* Until the process has replied, or ended; -ECANCELED when the creation was cancelled. */
static int wait_for_reply(int socket, int cancel_fd)
{
	/* poll() ignores a descriptor below 0. */
	struct pollfd both[] = { { .fd = socket, .events = POLLIN }, { .fd = cancel_fd, .events = POLLIN } };

	while (poll(both, 2, -1) < 0)
		if (errno != EINTR)
			return -errno;
	return both[1].revents & POLLIN ? -ECANCELED : 0;
}

/*
 * Like fork(2), but a tracer that follows children (strace -f) does not get this child, and its end sends no SIGCHLD.
 * Every signal is blocked in it: no handler of dmfd's may run there.
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

/* Tells the process to end; kills it if it does not, because it waits for entropy or for bytes that another reader
 * took. */
static void cancel(const struct dmfd_key_client *client)
{
	struct pollfd end = { .fd = client->socket };
	int ready;

	shutdown(client->socket, SHUT_WR);
	do
		ready = poll(&end, 1, GRACE_MS);
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		kill(client->pid, SIGKILL);
}

int dmfd_key_client_spawn(struct dmfd_key_client *client, dmfd_key_process_fn *process, const void *argument)
{
	sigset_t before;
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;

	DMFD_AUTO_FD ours = sockets[0];
	DMFD_AUTO_FD theirs = sockets[1];

	client->pid = clone_untraced(&before);
	if (client->pid < 0)
		return client->pid;
	if (client->pid == 0) {
		process(theirs, argument);
		/* It does not return; dmfd's own code must never run there. */
		_exit(1);
	}
	client->socket = dmfd_steal_fd(&ours);
	return 0;
}

int dmfd_key_client_start(struct dmfd_key_client *client, const struct dmfd_creation *creation,
			  const struct dmfd_keyed_table *table)
{
	const struct dmfd_key_task task = { .creation = creation, .table = table };
	struct dmfd_key_reply reply;
	int error = dmfd_key_client_spawn(client, dmfd_key_process, &task);

	if (error)
		return error;
	error = wait_for_reply(client->socket, creation->cancel_fd);
	if (error == -ECANCELED)
		cancel(client);
	else if (!error)
		error = receive(client, &reply);
	if (error)
		dmfd_key_client_end(client);
	return error;
}

int dmfd_key_client_order(const struct dmfd_key_client *client)
{
	const char order = DMFD_KEY_ORDER_LOAD;

	return send(client->socket, &order, sizeof(order), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int dmfd_key_client_load(const struct dmfd_key_client *client, struct dmfd_creation *creation)
{
	struct dmfd_key_reply reply = { .result = 0 };
	int error = dmfd_key_client_order(client);

	if (error)
		return error;
	error = receive(client, &reply);
	creation->key_given = reply.given;
	return error;
}

void dmfd_key_client_end(struct dmfd_key_client *client)
{
	dmfd_close_fd(&client->socket);
	dmfd_await_clone(client->pid);
}
