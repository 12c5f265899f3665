/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The string after this one, or NULL when the buffer ends first. */
static const char *next_string(const char *at, const char *end)
{
	const char *nul = memchr(at, '\0', (size_t)(end - at));

	return nul ? nul + 1 : NULL;
}

static const char *fill(char **vector, uint32_t count, const char *at, const char *end)
{
	uint32_t i;

	for (i = 0; i < count && at; i++) {
		/* execve() wants char *, and does not write. */
		vector[i] = (char *)(uintptr_t)at;
		at = next_string(at, end);
	}
	return at;
}

int dmfd_build_vectors(const struct dmfd_command *command, const char *strings, struct dmfd_vectors *vectors)
{
	const char *end = strings + command->strings_size;
	const char *at;

	/* Two terminating NULLs. */
	vectors->argv = calloc((size_t)command->argc + command->envc + 2, sizeof(char *));
	if (!vectors->argv)
		return -ENOMEM;
	vectors->envp = vectors->argv + command->argc + 1;
	vectors->file = strings;
	at = next_string(strings, end);
	if (at)
		at = fill(vectors->argv, command->argc, at, end);
	if (at)
		at = fill(vectors->envp, command->envc, at, end);
	if (at)
		return 0;
	dmfd_free_vectors(vectors);
	return -EINVAL;
}

void dmfd_free_vectors(struct dmfd_vectors *vectors)
{
	free(vectors->argv);
	vectors->argv = NULL;
}

static int place_descriptor(int fd, int target, int *displaced)
{
	*displaced = -1;
	if (fd == target)
		return fcntl(fd, F_SETFD, 0) < 0 ? -errno : 0;
	*displaced = fcntl(target, F_DUPFD_CLOEXEC, 3);
	return dup2(fd, target) < 0 ? -errno : 0;
}

/* Node marks all that it inherits close-on-exec, these three included. */
static void pass_on_standard_descriptors(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++)
		fcntl(fd, F_SETFD, 0);
}

int dmfd_prepare_command(const struct dmfd_command *command, const sigset_t *mask, int *displaced)
{
	struct sigaction as_default = { .sa_handler = SIG_DFL };
	int signal, error;

	pass_on_standard_descriptors();
	error = place_descriptor(command->device_fd, command->target_fd, displaced);
	if (error)
		return error;
	/* Node ignores SIGPIPE; a command that inherits that does not end when its reader goes. */
	for (signal = 1; signal < NSIG; signal++)
		sigaction(signal, &as_default, NULL);
	return sigprocmask(SIG_SETMASK, mask, NULL) < 0 ? -errno : 0;
}
