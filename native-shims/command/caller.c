/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "caller.h"

#include "signals.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void fill(sigset_t *set, uint64_t signals)
{
	int signal;

	sigemptyset(set);
	for (signal = 1; signal < NSIG; signal++)
		if (signals & dmfd_signal_bit(signal))
			sigaddset(set, signal);
}

void dmfd_caller_mask(const struct dmfd_caller *caller, sigset_t *mask)
{
	if (caller->known)
		fill(mask, caller->blocked);
	else
		sigprocmask(SIG_BLOCK, NULL, mask);
}

void dmfd_restore_dispositions(const struct dmfd_caller *caller)
{
	const struct sigaction as_default = { .sa_handler = SIG_DFL }, ignored = { .sa_handler = SIG_IGN };
	int signal;

	/* Node ignores SIGPIPE; a command that inherits that does not end when its reader goes. */
	for (signal = 1; signal < NSIG; signal++)
		sigaction(signal, caller->known && caller->ignored & dmfd_signal_bit(signal) ? &ignored : &as_default,
			  NULL);
}

/*
 * Not by raise(): that of musl asks the C library which thread this is, and a process that shares dmfd's memory is told
 * dmfd's.
 */
static void signal_this_thread(int signal)
{
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), signal);
}

void dmfd_restore_pending(const struct dmfd_caller *caller)
{
	int signal;

	for (signal = 1; signal < NSIG; signal++)
		/* To this thread: Node's others block nothing, and a signal to the process would be theirs. */
		if (caller->known && caller->pending & caller->blocked & dmfd_signal_bit(signal))
			signal_this_thread(signal);
}

int dmfd_restore_limit(const struct dmfd_caller *caller)
{
	const struct rlimit limit = { .rlim_cur = caller->soft_descriptors, .rlim_max = caller->hard_descriptors };

	return caller->known && setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
}

int dmfd_adopt_caller(const struct dmfd_caller *caller)
{
	const struct sigaction as_default = { .sa_handler = SIG_DFL }, ignored = { .sa_handler = SIG_IGN };
	sigset_t mask;
	int signal;

	/* Node's own action for it is to start its inspector. */
	sigaction(SIGUSR1, &as_default, NULL);
	for (signal = 1; signal < NSIG; signal++)
		/* With SIGCHLD ignored, the command's status would be lost. */
		if (signal != SIGCHLD && caller->ignored & dmfd_signal_bit(signal))
			sigaction(signal, &ignored, NULL);
	fill(&mask, caller->blocked);
	return sigprocmask(SIG_SETMASK, &mask, NULL) < 0 ? -errno : 0;
}
