/*
 * The guest's process 1: runs the host's commands and reaps what they leave behind. When the host
 * goes away, the guest has no purpose and powers off.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "command.h"
#include "fail.h"
#include "port.h"
#include "protocol.h"

static struct port *port;

static int open_child_signals(void);
static void set_usual_limits(void);
static void serve(int child_signals);
static void handle_frame(uint32_t id, uint32_t type, const unsigned char *payload, size_t length);

int main(int argc, char **argv)
{
	if (argc != 2) {
		errno = EINVAL;
		fail("read", "its arguments: one, the port's name");
	}
	set_usual_limits();
	signal(SIGPIPE, SIG_IGN);

	int child_signals = open_child_signals();

	port = port_open(argv[1]);
	port_send(port, 0, FRAME_READY, NULL, 0);
	serve(child_signals);
	power_off();
}

/* What a service or a login gets on a Debian system; the kernel's own default is lower. */
static void set_usual_limits(void)
{
	const struct rlimit files = { .rlim_cur = 1024, .rlim_max = 524288 };

	setrlimit(RLIMIT_NOFILE, &files);
}

static int open_child_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);

	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);

	if (fd < 0)
		fail("open", "a signalfd");
	return fd;
}

static void serve(int child_signals)
{
	enum { PORT, CHILDREN, FIRST_COMMAND };
	struct pollfd *pollfds = NULL;

	for (;;) {
		size_t count = FIRST_COMMAND;

		commands_forget_closed(port);
		for (struct command *command = command_list(); command; command = command->next)
			count += COMMAND_POLLFDS;
		pollfds = realloc(pollfds, count * sizeof(*pollfds));
		if (!pollfds)
			fail("grow", "the poll set");

		pollfds[PORT] = port_pollfd(port);
		pollfds[CHILDREN] = (struct pollfd){ .fd = child_signals, .events = POLLIN };
		count = FIRST_COMMAND;
		for (struct command *command = command_list(); command; command = command->next) {
			command_pollfds(port, command, pollfds + count);
			count += COMMAND_POLLFDS;
		}
		if (poll(pollfds, count, commands_check_deadlines()) < 0) {
			if (errno == EINTR)
				continue;
			fail("poll", "the commands");
		}

		/* The list is walked in the same order as above; new commands come from the port, so it is last. */
		count = FIRST_COMMAND;
		for (struct command *command = command_list(); command; command = command->next) {
			command_service(port, command, pollfds + count);
			count += COMMAND_POLLFDS;
		}
		if (pollfds[CHILDREN].revents) {
			struct signalfd_siginfo ignored;

			while (read(child_signals, &ignored, sizeof(ignored)) > 0)
				;
			commands_reap(port);
		}
		if (!port_service(port, pollfds[PORT].revents, handle_frame))
			return;
	}
}

static void handle_frame(uint32_t id, uint32_t type, const unsigned char *payload, size_t length)
{
	struct command *command = command_find(id);
	struct signal_payload signal;

	if (type == FRAME_START)
		command_start(port, id, payload, length);
	else if (!command)
		return; /* it has ended meanwhile */
	else if (type == FRAME_STDIN)
		command_input(port, command, payload, length);
	else if (type == FRAME_STDIN_CLOSE)
		command_input_end(port, command);
	else if (type == FRAME_SIGNAL && length == sizeof(signal)) {
		memcpy(&signal, payload, sizeof(signal));
		command_signal(command, (int)signal.signal, (int)signal.target);
	}
}
