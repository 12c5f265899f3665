/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void put_back(int target, int displaced)
{
	if (displaced < 0) {
		close(target);
		return;
	}
	dup3(displaced, target, O_CLOEXEC);
	close(displaced);
}

/*
 * Becomes the command, which keeps the pid. Returns only on failure, with -errno, and with the descriptors as they
 * were, so that the failure can still be told.
 */
int dmfd_exec(struct dmfd_command *command, const char *strings)
{
	struct dmfd_vectors vectors;
	sigset_t mask;
	int displaced = -1, error;

	error = dmfd_build_vectors(command, strings, &vectors);
	if (error)
		return error;
	sigprocmask(SIG_SETMASK, NULL, &mask);
	error = dmfd_prepare_command(command, &mask, &displaced);
	if (!error) {
		command->reached_execve = 1;
		execve(vectors.file, vectors.argv, vectors.envp);
		error = -errno;
	}
	if (command->device_fd != command->target_fd)
		put_back(command->target_fd, displaced);
	dmfd_free_vectors(&vectors);
	return error;
}
