/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "caller.h"
#include "command.h"
#include "forward.h"
#include "clone.h"

#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct start {
	struct dmfd_command *command;
	const struct dmfd_vectors *vectors;
	const struct dmfd_descriptor *descriptors;
	sigset_t mask;
	int parent_death_signal;
	pid_t dmfd;
	volatile int error;
};

/* To a command that is the first process of another pid namespace (unshare -p), dmfd has no number, dead or alive. */
static int has_died(pid_t dmfd)
{
	const pid_t parent = getppid();

	return parent != 0 && parent != dmfd;
}

static int start_command(void *pointer)
{
	struct start *start = pointer;
	/* Not put back: this process's table is its own, and it ends here. */
	struct dmfd_displaced displaced;

	/* Cleared by fork(). A command that shall die with dmfd's caller dies when dmfd does. */
	prctl(PR_SET_PDEATHSIG, start->parent_death_signal);
	if (start->parent_death_signal && has_died(start->dmfd))
		return 127;
	start->error = dmfd_become(start->command, start->vectors, start->descriptors, &start->mask, &displaced);
	return 127;
}

/* Like vfork(), with a stack of its own; returns the pid, or -errno, that of a failed execve() included. */
static pid_t spawn(struct start *start)
{
	sigset_t all, before;
	pid_t pid;

	/* The child shares our memory until it is the command: none of our handlers may run in it. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = dmfd_clone(start_command, start, CLONE_VM | CLONE_VFORK | SIGCHLD);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid > 0 && start->error) {
		waitpid(pid, NULL, 0);
		return start->error;
	}
	return pid;
}

/*
 * Starts the command and lets go of all that it was given. The pid; signals are forwarded to it from here on, and
 * dmfd_wait() has to follow. On -errno the command never ran, and every descriptor is still ours.
 */
int dmfd_start(struct dmfd_command *command, char *strings, const struct dmfd_descriptor *descriptors)
{
	struct start start = { .command = command, .descriptors = descriptors };
	struct dmfd_vectors vectors;
	pid_t pid;
	int error;

	error = dmfd_build_vectors(command, strings, &vectors);
	if (error)
		return error;
	start.vectors = &vectors;
	dmfd_caller_mask(&command->caller, &start.mask);
	prctl(PR_GET_PDEATHSIG, &start.parent_death_signal);
	start.dmfd = getpid();
	dmfd_start_forwarding(0);
	pid = spawn(&start);
	dmfd_free_vectors(&vectors);
	if (pid < 0) {
		dmfd_stop_forwarding();
		return pid;
	}
	dmfd_let_go_of_descriptors(descriptors, command->descriptor_count);
	dmfd_forward_to(pid);
	return pid;
}
