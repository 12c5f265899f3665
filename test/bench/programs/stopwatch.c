/*
 * Runs commands one after the other and prints how many nanoseconds all of them took. Each has to succeed.
 *
 *   stopwatch [--in FILE] COMMAND ARG... [';' COMMAND ARG...]...
 *
 * They read FILE (default: nothing) and write to /dev/null. The command "open PATH" is stopwatch's own: it holds the
 * file open until the end. With "&" in place of the last ";", all of them run at the same time.
 */
#include "now.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void fail(const char *what, int error)
{
	fprintf(stderr, "stopwatch: %s: %s\n", what, strerror(error));
	exit(1);
}

static pid_t start(char **words, posix_spawn_file_actions_t *streams)
{
	pid_t pid;
	int error = posix_spawnp(&pid, words[0], streams, NULL, words, environ);

	if (error)
		fail(words[0], error);
	return pid;
}

static void expect_success(const char *name, pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		fail(name, errno);
	if (status) {
		fprintf(stderr, "stopwatch: %s ended with status %#x\n", name, status);
		exit(1);
	}
}

static void run(char **words, posix_spawn_file_actions_t *streams)
{
	if (!strcmp(words[0], "open")) {
		if (open(words[1], O_RDWR | O_CLOEXEC) < 0)
			fail(words[1], errno);
		return;
	}
	expect_success(words[0], start(words, streams));
}

/* The words up to the next ";" or "&", which is cut off; *last is what stood there. */
static char **next(char ***rest, char *last)
{
	char **words = *rest;

	*last = 0;
	for (; **rest; (*rest)++) {
		if (strcmp(**rest, ";") && strcmp(**rest, "&"))
			continue;
		*last = ***rest;
		*(*rest)++ = NULL;
		break;
	}
	return words;
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t streams;
	const char *in = "/dev/null";
	char **rest = argv + 1;
	pid_t started[256];
	size_t count = 0;
	long long since;

	if (argc > 2 && !strcmp(*rest, "--in")) {
		in = rest[1];
		rest += 2;
	}
	posix_spawn_file_actions_init(&streams);
	posix_spawn_file_actions_addopen(&streams, 0, in, O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&streams, 1, "/dev/null", O_WRONLY, 0);
	since = now();
	while (*rest) {
		char last, **words = next(&rest, &last);

		if (last == '&' && count < sizeof(started) / sizeof(*started))
			started[count++] = start(words, &streams);
		else
			run(words, &streams);
	}
	for (size_t index = 0; index < count; index++)
		expect_success("one of those that ran at the same time", started[index]);
	printf("%lld\n", now() - since);
	return 0;
}
