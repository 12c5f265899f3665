/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"
#include "forward.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/*
 * After dmfd_start(), in place of dmfd_wait(): becomes the launcher, which waits for the command in the same process
 * (launcher/wait.c). Returns only on failure, with -errno, and dmfd_wait() has to follow then.
 */
int dmfd_leave_wait(const struct dmfd_command *launcher, char *strings)
{
	struct dmfd_vectors vectors;
	sigset_t mask;
	int error;

	error = dmfd_build_vectors(launcher, strings, &vectors);
	if (error)
		return error;
	/* execve() takes the handlers away: what comes until the launcher has its own waits for them. */
	dmfd_hold_forwarded(&mask);
	/* Node marks it close-on-exec; what goes wrong later is still to be told. */
	fcntl(STDERR_FILENO, F_SETFD, 0);
	execve(vectors.file, vectors.argv, vectors.envp);
	error = -errno;
	sigprocmask(SIG_SETMASK, &mask, NULL);
	dmfd_free_vectors(&vectors);
	return error;
}
