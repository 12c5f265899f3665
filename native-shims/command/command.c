/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "caller.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The string after this one, or NULL when the buffer ends first. */
static char *next_string(char *at, const char *end)
{
	char *nul = memchr(at, '\0', (size_t)(end - at));

	return nul ? nul + 1 : NULL;
}

static char *fill(char **vector, uint32_t count, char *at, const char *end)
{
	uint32_t i;

	for (i = 0; i < count && at; i++) {
		vector[i] = at;
		at = next_string(at, end);
	}
	return at;
}

int dmfd_build_vectors(const struct dmfd_command *command, char *strings, struct dmfd_vectors *vectors)
{
	const char *end = strings + command->strings_size;
	char *at;

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

/* LISTEN_PID names the process that execve() is about to make: only that process knows. */
static int write_pid(const struct dmfd_command *command, char *strings)
{
	struct dmfd_text pid = { .length = 0 };

	if (command->pid_at == 0)
		return 0;
	if (command->pid_at > command->strings_size || command->strings_size - command->pid_at < DMFD_PID_ROOM)
		return -EINVAL;
	dmfd_append_number(&pid, (uint64_t)getpid());
	memcpy(strings + command->pid_at, pid.bytes, pid.length + 1);
	return 0;
}

int dmfd_become(struct dmfd_command *command, const struct dmfd_vectors *vectors,
		const struct dmfd_descriptor *descriptors, const sigset_t *mask, struct dmfd_displaced *displaced)
{
	int error;

	displaced->count = 0;
	error = write_pid(command, vectors->file);
	if (!error)
		error = dmfd_arrange_descriptors(descriptors, command->descriptor_count, displaced);
	/* After the moves: the caller's limit may be below the descriptors in use. */
	if (!error)
		error = dmfd_restore_limit(&command->caller);
	if (error)
		return error;
	dmfd_restore_dispositions(&command->caller);
	if (sigprocmask(SIG_SETMASK, mask, NULL) < 0)
		return -errno;
	dmfd_restore_pending(&command->caller);
	command->reached_execve = 1;
	execve(vectors->file, vectors->argv, vectors->envp);
	return -errno;
}
