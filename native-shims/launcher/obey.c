/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "obey.h"

#include "ask.h"
#include "fd.h"
#include "wait.h"
#include "warm/exchange.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>

static int write_all(int fd, const char *bytes, size_t size)
{
	size_t at = 0;

	while (at < size) {
		ssize_t count = write(fd, bytes + at, size - at);

		if (count >= 0)
			at += (size_t)count;
		else if (errno == EAGAIN)
			dmfd_wait_for(fd, POLLOUT, DMFD_FOR_EVER);
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

static int send_reply(int connection, const struct dmfd_reply *reply)
{
	const struct iovec part = { .iov_base = (void *)reply, .iov_len = sizeof(*reply) };

	return dmfd_send_all(connection, &part, 1, NULL, 0, DMFD_FOR_EVER);
}

/* A stream that was closed takes everything: Node opens /dev/null in its place. After a failure the rest is only read.
 */
static int write_text(int connection, const struct dmfd_answer *answer)
{
	const struct sigaction ignored = { .sa_handler = SIG_IGN };
	struct dmfd_reply reply = { .result = 0 };
	const int is_closed = fcntl(answer->value, F_GETFD) < 0;
	static char bytes[65536];
	struct sigaction before;
	uint32_t left = answer->size;

	while (left > 0) {
		const size_t size = left < sizeof(bytes) ? left : sizeof(bytes);
		int error = dmfd_receive(connection, bytes, size, DMFD_FOR_EVER, NULL);

		if (error)
			return error;
		left -= (uint32_t)size;
		if (is_closed || reply.result)
			continue;
		/* A reader that has gone is told to the service. */
		sigaction(SIGPIPE, &ignored, &before);
		reply.result = write_all(answer->value, bytes, size);
		sigaction(SIGPIPE, &before, NULL);
	}
	return send_reply(connection, &reply);
}

/* A command as it was received: its parts lie behind one another. */
struct order {
	struct dmfd_command *command;
	struct dmfd_descriptor *descriptors;
	char *strings;
};

static int find_parts(char *bytes, size_t size, struct order *order)
{
	size_t room = size - sizeof(*order->command);

	order->command = (void *)bytes;
	order->descriptors = (void *)(bytes + sizeof(*order->command));
	if (size < sizeof(*order->command) || order->command->descriptor_count > room / sizeof(*order->descriptors))
		return -EPROTO;
	room -= order->command->descriptor_count * sizeof(*order->descriptors);
	order->strings = bytes + (size - room);
	if (room == 0 || order->command->strings_size != room || order->strings[room - 1] != '\0')
		return -EPROTO;
	return 0;
}

/* The service does not know under which numbers its descriptors have come. */
static int fill_in_received(const struct order *order, const struct dmfd_received *received)
{
	uint32_t i;

	for (i = 0; i < order->command->descriptor_count; i++) {
		int32_t *source = &order->descriptors[i].source;
		const uint32_t index = *source < 0 ? (uint32_t)DMFD_RECEIVED(*source) : 0;

		if (*source >= 0)
			continue;
		if (index >= received->count)
			return -EPROTO;
		*source = received->fds[index];
	}
	return 0;
}

/* Returns only when it could not be run, with -errno. */
static int run(int *connection, uint32_t kind, const struct order *order)
{
	const struct sigaction as_default = { .sa_handler = SIG_DFL };
	pid_t pid;

	if (kind == DMFD_ANSWER_EXEC)
		return dmfd_exec(order->command, order->strings, order->descriptors);
	/* Where the caller ignores it, its end cannot be learnt. The command ignores it again. */
	sigaction(SIGCHLD, &as_default, NULL);
	pid = dmfd_start(order->command, order->strings, order->descriptors);
	if (pid < 0)
		return pid;
	dmfd_close_fd(connection);
	return dmfd_end_with(pid);
}

static int run_command(int *connection, const struct dmfd_answer *answer, struct dmfd_received *received)
{
	struct dmfd_reply reply = { .result = 0 };
	char *bytes = malloc(answer->size ? answer->size : 1);
	struct order order;
	int error;

	if (!bytes)
		return -ENOMEM;
	error = dmfd_receive(*connection, bytes, answer->size, DMFD_FOR_EVER, NULL);
	if (!error)
		error = find_parts(bytes, answer->size, &order);
	if (!error)
		error = fill_in_received(&order, received);
	if (!error) {
		reply.result = run(connection, answer->kind, &order);
		reply.reached_execve = order.command->reached_execve;
		/* The device goes before this is told. */
		dmfd_close_received(received);
		error = send_reply(*connection, &reply);
	}
	free(bytes);
	return error;
}

/* Whatever was made has gone with the connection, unless it was told. */
static int give_up(int error, int has_told)
{
	if (!has_told)
		return DMFD_BECOME_NODE;
	return error ? error : -EPROTO;
}

int dmfd_obey(int *connection)
{
	struct dmfd_received received = { .count = 0 };
	int has_told = 0, error = 0;

	while (!error) {
		struct dmfd_answer answer;

		error = dmfd_receive(*connection, &answer, sizeof(answer), DMFD_FOR_EVER, &received);
		if (error)
			break;
		if (answer.size > DMFD_ANSWER_MAX || answer.received != received.count)
			error = -EPROTO;
		else if (answer.kind == DMFD_ANSWER_DECLINED)
			break;
		else if (answer.kind == DMFD_ANSWER_END && answer.value >= 0)
			return answer.value;
		else if (answer.kind == DMFD_ANSWER_WRITE) {
			has_told = 1;
			error = write_text(*connection, &answer);
		} else if (answer.kind == DMFD_ANSWER_START || answer.kind == DMFD_ANSWER_EXEC) {
			error = run_command(connection, &answer, &received);
			/*
			 * It could not be run, but signals are the command's now. Or it runs, without a connection, and
			 * only cannot be waited for.
			 */
			has_told |= !error || *connection < 0;
		} else
			error = -EPROTO;
		dmfd_close_received(&received);
	}
	dmfd_close_received(&received);
	dmfd_close_fd(connection);
	return give_up(error, has_told);
}
