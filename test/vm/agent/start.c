/* From a start frame to a running command. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "protocol.h"
#include "spawn.h"
#include "start.h"

struct descriptors {
	int stdin_child, stdin_agent;
	int output_child[OUTPUTS], output_agent[OUTPUTS];
};

static char **read_strings(const char **cursor, const char *end, uint32_t count);
static int open_descriptors(struct descriptors *descriptors, uint32_t stdin_mode);
static void close_child_ends(struct descriptors *descriptors);
static void close_agent_ends(struct descriptors *descriptors);
static void close_one(int *fd);
static void start(struct port *port, uint32_t id, const struct start_payload *start, const char *cwd, char **argv,
		  char **env);
static void send_failure(struct port *port, uint32_t id, int error, const char *step);

void command_start(struct port *port, uint32_t id, const unsigned char *payload, size_t length)
{
	struct start_payload request;
	char **argv = NULL;
	char **env = NULL;

	if (length < sizeof(request) || command_find(id)) {
		send_failure(port, id, EPROTO, "start frame");
		return;
	}
	memcpy(&request, payload, sizeof(request));

	const char *cursor = (const char *)payload + sizeof(request);
	const char *end = (const char *)payload + length;
	const char *cwd = cursor;
	size_t cwd_length = strnlen(cwd, (size_t)(end - cursor));

	if (cwd_length < (size_t)(end - cursor)) {
		cursor += cwd_length + 1;
		argv = read_strings(&cursor, end, request.argc);
		env = read_strings(&cursor, end, request.envc);
	}
	if (argv && env && argv[0])
		start(port, id, &request, cwd, argv, env);
	else
		send_failure(port, id, EPROTO, "start frame");
	free(argv);
	free(env);
}

/* Returns a NULL-terminated array of pointers into the payload, or NULL when it holds fewer strings. */
static char **read_strings(const char **cursor, const char *end, uint32_t count)
{
	if (count > (size_t)(end - *cursor))
		return NULL;

	char **strings = calloc((size_t)count + 1, sizeof(*strings));

	for (uint32_t index = 0; strings && index < count; index++) {
		size_t length = strnlen(*cursor, (size_t)(end - *cursor));

		if (length == (size_t)(end - *cursor)) {
			free(strings);
			return NULL;
		}
		strings[index] = (char *)*cursor;
		*cursor += length + 1;
	}
	return strings;
}

static void start(struct port *port, uint32_t id, const struct start_payload *start, const char *cwd, char **argv,
		  char **env)
{
	struct descriptors descriptors;
	const char *step = NULL;
	struct command *command = calloc(1, sizeof(*command));

	if (!command || open_descriptors(&descriptors, start->stdin_mode) < 0) {
		send_failure(port, id, errno, "pipes");
		free(command);
		return;
	}

	uint64_t now = clock_us();
	pid_t pid = spawn(&(struct spawn_request){ .argv = argv,
						   .env = env,
						   .cwd = cwd,
						   .stdin_fd = descriptors.stdin_child,
						   .stdout_fd = descriptors.output_child[0],
						   .stderr_fd = descriptors.output_child[1] },
			  &step);

	close_child_ends(&descriptors);
	if (pid < 0) {
		close_agent_ends(&descriptors);
		send_failure(port, id, -pid, step);
		free(command);
		return;
	}
	*command = (struct command){
		.id = id,
		.pid = pid,
		.started_us = now,
		.deadline_us = start->timeout_ms ? now + (uint64_t)start->timeout_ms * 1000 : 0,
		.stdin_fd = descriptors.stdin_agent,
		.output_fds = { descriptors.output_agent[0], descriptors.output_agent[1] },
	};
	command_add(command);
	port_send(port, id, FRAME_STARTED, &(uint32_t){ (uint32_t)pid }, sizeof(uint32_t));
}

/* Only the agent's ends are non-blocking: that flag belongs to an end of a pipe, and the program must not see it. */
static int open_descriptors(struct descriptors *descriptors, uint32_t stdin_mode)
{
	int ends[2];

	*descriptors = (struct descriptors){ -1, -1, { -1, -1 }, { -1, -1 } };
	if (stdin_mode == STDIN_NULL) {
		descriptors->stdin_child = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (descriptors->stdin_child < 0)
			return -1;
	} else if (stdin_mode == STDIN_PIPE) {
		if (pipe2(ends, O_CLOEXEC) < 0)
			return -1;
		descriptors->stdin_child = ends[0];
		descriptors->stdin_agent = ends[1];
		fcntl(ends[1], F_SETFL, O_NONBLOCK);
	}
	for (int which = 0; which < OUTPUTS; which++) {
		if (pipe2(ends, O_CLOEXEC) < 0) {
			close_child_ends(descriptors);
			close_agent_ends(descriptors);
			return -1;
		}
		descriptors->output_agent[which] = ends[0];
		descriptors->output_child[which] = ends[1];
		fcntl(ends[0], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

static void close_child_ends(struct descriptors *descriptors)
{
	close_one(&descriptors->stdin_child);
	for (int which = 0; which < OUTPUTS; which++)
		close_one(&descriptors->output_child[which]);
}

static void close_agent_ends(struct descriptors *descriptors)
{
	close_one(&descriptors->stdin_agent);
	for (int which = 0; which < OUTPUTS; which++)
		close_one(&descriptors->output_agent[which]);
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void send_failure(struct port *port, uint32_t id, int error, const char *step)
{
	unsigned char payload[64];
	uint32_t number = (uint32_t)error;
	size_t length = strnlen(step, sizeof(payload) - sizeof(number));

	memcpy(payload, &number, sizeof(number));
	memcpy(payload + sizeof(number), step, length);
	port_send(port, id, FRAME_FAILED, payload, sizeof(number) + length);
}
