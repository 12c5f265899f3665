#include "command.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "protocol.h"
#include "session.h"

static struct command *commands;

static void pump_input(struct port *port, struct command *command);
static void close_input(struct command *command);
static void pump_output(struct port *port, struct command *command, int which, size_t limit);
static void drain_output(struct port *port, struct command *command);
static void report_exit(struct port *port, struct command *command, int status);

struct command *command_list(void)
{
	return commands;
}

struct command *command_find(uint32_t id)
{
	for (struct command *command = commands; command; command = command->next)
		if (command->id == id)
			return command;
	return NULL;
}

/* start.c makes the command; here it joins the list. */
void command_add(struct command *command)
{
	command->next = commands;
	commands = command;
}

void command_input(struct port *port, struct command *command, const void *data, size_t length)
{
	buffer_append(&command->input, data, length);
	pump_input(port, command);
}

void command_input_end(struct port *port, struct command *command)
{
	command->stdin_ends = true;
	pump_input(port, command);
}

/* The program may have closed its end: then the rest is thrown away, as credit, so the host comes to its end. */
static void pump_input(struct port *port, struct command *command)
{
	uint32_t credit = 0;

	while (buffer_length(&command->input) > 0) {
		size_t length = buffer_length(&command->input);

		if (command->stdin_fd >= 0) {
			ssize_t count = write(command->stdin_fd, buffer_data(&command->input), length);

			if (count < 0 && (errno == EAGAIN || errno == EINTR))
				break;
			if (count < 0)
				close_input(command);
			else
				length = (size_t)count;
		}
		buffer_consume(&command->input, length);
		credit += (uint32_t)length;
	}
	if (credit)
		port_send(port, command->id, FRAME_CREDIT, &credit, sizeof(credit));
	if (command->stdin_ends && buffer_length(&command->input) == 0)
		close_input(command);
}

static void close_input(struct command *command)
{
	if (command->stdin_fd >= 0)
		close(command->stdin_fd);
	command->stdin_fd = -1;
}

void command_signal(const struct command *command, int number, int target)
{
	if (target == TO_SESSION)
		session_signal(command->pid, number);
	else if (target == TO_GROUP)
		kill(-command->pid, number);
	else if (!command->exited)
		kill(command->pid, number);
}

void command_pollfds(const struct port *port, const struct command *command, struct pollfd *pollfds)
{
	bool writable = buffer_length(&command->input) > 0;

	pollfds[0] = (struct pollfd){ .fd = writable ? command->stdin_fd : -1, .events = POLLOUT };
	for (int which = 0; which < OUTPUTS; which++)
		pollfds[1 + which] = (struct pollfd){
			.fd = port_is_congested(port) ? -1 : command->output_fds[which],
			.events = POLLIN,
		};
}

void command_service(struct port *port, struct command *command, const struct pollfd *pollfds)
{
	if (pollfds[0].revents)
		pump_input(port, command);
	for (int which = 0; which < OUTPUTS; which++)
		if (pollfds[1 + which].revents)
			pump_output(port, command, which, MAX_DATA_PAYLOAD);
}

static void pump_output(struct port *port, struct command *command, int which, size_t limit)
{
	static unsigned char data[MAX_DATA_PAYLOAD];
	ssize_t count = read(command->output_fds[which], data, limit < sizeof(data) ? limit : sizeof(data));

	if (count > 0) {
		port_send(port, command->id, which == 0 ? FRAME_STDOUT : FRAME_STDERR, data, (size_t)count);
	} else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
		close(command->output_fds[which]);
		command->output_fds[which] = -1;
	}
}

void commands_reap(struct port *port)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0)
		for (struct command *command = commands; command; command = command->next)
			if (command->pid == pid && !command->exited) {
				command->exited = true;
				drain_output(port, command);
				report_exit(port, command, status);
			}
}

/*
 * All the command itself wrote is in its pipes now. No more than that is read here: a background
 * process may go on writing for ever.
 */
static void drain_output(struct port *port, struct command *command)
{
	for (int which = 0; which < OUTPUTS; which++) {
		int left = 0;

		if (command->output_fds[which] < 0 || ioctl(command->output_fds[which], FIONREAD, &left) < 0)
			continue;
		for (; left > 0 && command->output_fds[which] >= 0; left -= MAX_DATA_PAYLOAD)
			pump_output(port, command, which, (size_t)left);
	}
}

static void report_exit(struct port *port, struct command *command, int status)
{
	uint64_t duration = clock_us() - command->started_us;
	struct exit_payload payload = {
		.code = WIFEXITED(status) ? (uint32_t)WEXITSTATUS(status) : 0,
		.signal = WIFSIGNALED(status) ? (uint32_t)WTERMSIG(status) : 0,
		.timed_out = command->timed_out,
		.duration_us = duration > UINT32_MAX ? UINT32_MAX : (uint32_t)duration,
	};

	port_send(port, command->id, FRAME_EXIT, &payload, sizeof(payload));
}

int commands_check_deadlines(void)
{
	uint64_t now = clock_us();
	uint64_t next = UINT64_MAX;

	for (struct command *command = commands; command; command = command->next) {
		if (command->exited || command->timed_out || !command->deadline_us)
			continue;
		if (command->deadline_us <= now) {
			command->timed_out = true;
			session_signal(command->pid, SIGKILL);
		} else if (command->deadline_us < next) {
			next = command->deadline_us;
		}
	}
	return next == UINT64_MAX ? -1 : (int)((next - now + 999) / 1000);
}

void commands_forget_closed(struct port *port)
{
	for (struct command **link = &commands; *link;) {
		struct command *command = *link;

		if (!command->exited || command->output_fds[0] >= 0 || command->output_fds[1] >= 0) {
			link = &command->next;
			continue;
		}
		*link = command->next;
		close_input(command);
		buffer_free(&command->input);
		port_send(port, command->id, FRAME_CLOSED, NULL, 0);
		free(command);
	}
}
