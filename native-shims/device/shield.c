/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dmfd.h"
#include "clone.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
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

/*
 * Before Linux 5.16, a signal that dumps core (SIGQUIT, SIGSEGV, SIGABRT, ...) to any of dmfd's threads kills every
 * process that shares dmfd's memory, and the shield with it, unless the memory may not be dumped. Threads may be in
 * shields at once: the first one hides the memory, and the last one puts back what was. A caller whose memory only root
 * may dump (2) cannot be put back to that, and stays hidden: it dumps no core any more, and is root's to look into as
 * before.
 */
static pthread_mutex_t undumpable_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int undumpable_users;
static int dumpable_before;

static void begin_undumpable(void)
{
	pthread_mutex_lock(&undumpable_lock);
	if (undumpable_users++ == 0) {
		dumpable_before = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
		if (dumpable_before != 0)
			prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	}
	pthread_mutex_unlock(&undumpable_lock);
}

static void end_undumpable(void)
{
	pthread_mutex_lock(&undumpable_lock);
	if (--undumpable_users == 0 && dumpable_before == 1)
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	pthread_mutex_unlock(&undumpable_lock);
}

/* 0 when there was a process for it, or -errno; whether that was killed meanwhile, the job tells. */
static int shield(struct job *job)
{
	sigset_t all, before;
	pid_t pid;

	/* The shield inherits the mask: no handler of dmfd's may run on its behalf. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	begin_undumpable();
	pid = dmfd_clone(run_job, job, CLONE_VM | CLONE_VFORK | CLONE_FILES);
	/* It has ended already (CLONE_VFORK). */
	if (pid >= 0)
		dmfd_await_clone(pid);
	end_undumpable();
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid < 0 ? pid : 0;
}

/*
 * Runs fn in a process of its own that shares memory and the descriptor table with the calling thread, which is
 * suspended meanwhile. SIGKILL of the caller lets fn finish; its descriptors close when both are gone.
 * Returns fn's result, or -errno when there is no process for it. *killed is set when the shield itself was killed: fn
 * may then have stopped anywhere, and dmfd_take_back() has to follow.
 *
 * fn must be async-signal-safe and take no lock: other threads run on, and a killed shield would never release it.
 */
int dmfd_in_shield(dmfd_shielded_fn *fn, void *argument, int *killed)
{
	struct job job = { .fn = fn, .argument = argument };
	int error = shield(&job);

	*killed = !error && !job.finished;
	if (error)
		return error;
	return job.finished ? job.result : -EINTR;
}

/*
 * Runs fn, which takes back what a killed shield has left: in a shield again, out of reach of a kill of dmfd; in dmfd
 * itself if there is no process for it, or that is killed, too. Returns fn's result.
 */
int dmfd_take_back(dmfd_shielded_fn *fn, void *argument)
{
	struct job job = { .fn = fn, .argument = argument };

	shield(&job);
	return job.finished ? job.result : fn(argument);
}
