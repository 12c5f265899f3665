/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dmfd.h"
#include "clone.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct job {
	dmfd_shielded_fn *fn;
	void *argument;
	volatile int result;
	volatile int finished;
};

static int run_job(void *pointer)
{
	struct job *job = pointer;

	/* Out of dmfd's process group and session: a kill of either must not reach the shield. */
	setsid();
	job->result = job->fn(job->argument);
	job->finished = 1;
	return 0;
}

/* The process has ended already (CLONE_VFORK). ECHILD does no harm: another thread, waiting for any child, has reaped
 * it. */
static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, (int)__WCLONE) < 0 && errno == EINTR)
		;
}

/*
 * Runs fn in a process of its own that shares memory and the descriptor table with the calling thread, which is
 * suspended meanwhile. SIGKILL of the caller lets fn finish; its descriptors close when both are gone.
 * Returns fn's result, or -errno when there is no process for it. *killed is set when the shield itself was killed: fn
 * may then have stopped anywhere.
 *
 * fn must be async-signal-safe and take no lock: other threads run on, and a killed shield would never release it.
 */
int dmfd_in_shield(dmfd_shielded_fn *fn, void *argument, int *killed)
{
	struct job job = { .fn = fn, .argument = argument };
	sigset_t all, before;
	pid_t pid;

	*killed = 0;
	/* The shield inherits the mask: no handler of dmfd's may run on its behalf. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = dmfd_clone(run_job, &job, CLONE_VM | CLONE_VFORK | CLONE_FILES);
	if (pid >= 0)
		reap(pid);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return pid;
	*killed = !job.finished;
	return job.finished ? job.result : -EINTR;
}
