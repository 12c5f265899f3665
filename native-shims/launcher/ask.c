/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "ask.h"

#include "fd.h"
#include "obey.h"
#include "warm/exchange.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* Milliseconds that a server may take to accept. */
#ifndef DMFD_PATIENCE
#define DMFD_PATIENCE 50
#endif

/* The commands that the service does, where nothing else is against it. */
static const char *const served[] = { "create", "swap", "ls", "rm", "probe", "resize", "reap", "xen-hotplug" };

static int is_worth_asking(char **words)
{
	const char *cold = getenv("DMFD_COLD");
	size_t i;

	if (!words[0] || (cold && strcmp(cold, "1") == 0))
		return 0;
	for (i = 0; i < sizeof(served) / sizeof(served[0]); i++)
		if (strcmp(words[0], served[i]) == 0)
			return access(DMFD_LAUNCHER_SOCKET, F_OK) == 0;
	return 0;
}

/* The listener may have all that this process has. A full queue is no reason to wait. */
static int connect_to_service(void)
{
	static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = DMFD_LAUNCHER_SOCKET };
	struct ucred server;
	socklen_t size = sizeof(server);
	DMFD_AUTO_FD connection = dmfd_above_streams(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));

	if (connection < 0 || connect(connection, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &server, &size) < 0)
		return -errno;
	return server.uid == geteuid() ? dmfd_steal_fd(&connection) : -EPERM;
}

/* The service may have been started from another edition of the package. */
static int find_edition(const char *script, struct dmfd_edition *edition)
{
	static const char below[] = "/bin/dmfd.js", command[] = "/dist/command/dmfd.cjs";
	const size_t top = strlen(script) - (sizeof(below) - 1);
	char path[PATH_MAX];
	struct stat file;

	if (top + sizeof(command) > sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, script, top);
	memcpy(path + top, command, sizeof(command));
	if (stat(path, &file) < 0)
		return -errno;
	*edition = dmfd_edition_of(&file);
	return 0;
}

static uint32_t find_terminals(void)
{
	uint32_t terminals = 0;
	int fd;

	for (fd = 0; fd <= STDERR_FILENO; fd++)
		if (isatty(fd))
			terminals |= 1u << fd;
	return terminals;
}

static uint32_t find_columns(uint32_t terminals)
{
	struct winsize size;

	if (!(terminals & 1u << STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}

static uint32_t find_umask(void)
{
	const mode_t mask = umask(077);

	umask(mask);
	return mask;
}

static size_t length_of(char **strings, uint32_t *count)
{
	size_t length = 0;

	for (*count = 0; strings[*count]; ++*count)
		length += strlen(strings[*count]) + 1;
	return length;
}

static char *append(char *at, char **strings)
{
	for (; *strings; strings++)
		at = stpcpy(at, *strings) + 1;
	return at;
}

static int wait_until_accepted(int connection, int64_t limit)
{
	struct dmfd_answer answer;
	int error = dmfd_receive(connection, &answer, sizeof(answer), limit, NULL);

	if (error)
		return error;
	return answer.kind == DMFD_ANSWER_ACCEPTED && answer.size == 0 && answer.received == 0 ? 0 : -EPROTO;
}

/* After a failure, some of the question is missing at the other end: nothing is done there. */
static int send_question(int connection, const struct dmfd_question *question, int64_t limit)
{
	struct dmfd_ask ask = { .protocol = DMFD_PROTOCOL, .umask = find_umask(), .terminals = find_terminals() };
	const size_t state = strlen(question->state) + 1;
	const size_t words = length_of(question->words, &ask.argc);
	const size_t size = state + words + length_of(question->environment, &ask.envc);
	char *body;
	int error = find_edition(question->script, &ask.command);

	if (error)
		return error;
	ask.columns = find_columns(ask.terminals);
	if (size > DMFD_ASK_MAX)
		return -E2BIG;
	ask.size = (uint32_t)size;

	DMFD_AUTO_FD directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return -errno;
	body = malloc(size);
	if (!body)
		return -ENOMEM;
	memcpy(body, question->state, state);
	append(append(body + state, question->words), question->environment);

	const struct iovec parts[] = { { .iov_base = &ask, .iov_len = sizeof(ask) },
				       { .iov_base = body, .iov_len = size } };

	/* Not before: a service that comes too late would do what it finds, and so does Node. */
	error = wait_until_accepted(connection, limit);
	if (!error)
		error = dmfd_send_all(connection, parts, 2, &directory, 1, limit);
	free(body);
	return error;
}

/* As Node does: a command may want a descriptor above the caller's limit, which it gets back in any case. */
static void have_all_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int dmfd_ask_service(const struct dmfd_question *question)
{
	DMFD_AUTO_FD connection = -1;
	int64_t limit;

	if (!is_worth_asking(question->words))
		return DMFD_BECOME_NODE;
	have_all_descriptors();
	limit = dmfd_limit_after(DMFD_PATIENCE);
	connection = connect_to_service();
	if (connection < 0 || send_question(connection, question, limit) < 0)
		return DMFD_BECOME_NODE;
	return dmfd_obey(&connection);
}
