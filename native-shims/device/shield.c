/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dmfd.h"
#include "stack.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct errand {
	dmfd_shielded_fn *fn;
	void *argument;
	volatile int result;
	volatile int finished;
};

static int run_errand(void *pointer)
{
	struct errand *errand = pointer;

	/* Out of dmfd's process group and session: a kill of either must not reach the shield. */
	setsid();
	errand->result = errand->fn(errand->argument);
	errand->finished = 1;
	return 0;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, (int)__WCLONE) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/*
 * Runs fn in a process of its own that shares memory and the descriptor table with the caller, which is
 * suspended meanwhile. SIGKILL of the caller lets fn finish; its descriptors close when both are gone.
 * *killed is set when the shield itself was killed: fn may then have stopped anywhere.
 *
 * fn must be async-signal-safe, and may not return from a system call into another thread's lock.
 */
int dmfd_in_shield(dmfd_shielded_fn *fn, void *argument, int *killed)
{
	struct errand errand = { .fn = fn, .argument = argument };
	sigset_t all, before;
	pid_t pid;
	int error;

	*killed = 0;
	/* The shield inherits the mask: no handler of dmfd's may run on its behalf. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = dmfd_clone(run_errand, &errand, CLONE_VM | CLONE_VFORK | CLONE_FILES);
	error = pid < 0 ? pid : wait_for(pid);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (error)
		return error;
	if (!errand.finished) {
		*killed = 1;
		return -EINTR;
	}
	return errand.result;
}
