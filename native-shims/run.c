/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"
#include "forward.h"

#include <errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_SIZE (64u * 1024u)

struct start {
	struct dmfd_command *command;
	const struct dmfd_vectors *vectors;
	const sigset_t *mask;
	volatile int error;
};

static int start_command(void *pointer)
{
	struct start *start = pointer;
	int displaced = -1;
	int error = dmfd_prepare_command(start->command, start->mask, &displaced);

	/* This process keeps the number's former owner as a close-on-exec copy: execve() closes it. */
	if (!error) {
		start->command->reached_execve = 1;
		execve(start->vectors->file, start->vectors->argv, start->vectors->envp);
		error = -errno;
	}
	start->error = error;
	return 127;
}

/* Like vfork(), with a stack of its own; returns the pid, or -errno, that of a failed execve() included. */
static pid_t spawn(struct start *start)
{
	sigset_t all;
	char *stack;
	pid_t pid;

	stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return -errno;
	/* The child shares our memory until it is the command: none of our handlers may run in it. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	pid = clone(start_command, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD, start);
	if (pid < 0)
		pid = -errno;
	sigprocmask(SIG_SETMASK, start->mask, NULL);
	munmap(stack, STACK_SIZE);
	if (pid > 0 && start->error) {
		waitpid(pid, NULL, 0);
		return start->error;
	}
	return pid;
}

/* Waits without reaping first: while the command is a zombie, its pid cannot become somebody else's. */
static int wait_for_end(pid_t pid)
{
	siginfo_t info;

	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int reap(pid_t pid, struct dmfd_command *command)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	command->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	command->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	return 0;
}

/*
 * Starts the command, closes our copy of the device, forwards signals, and waits. 0: command says how it ended. On
 * -errno the command never ran and the device descriptor is still ours.
 */
int dmfd_run(struct dmfd_command *command, const char *strings)
{
	struct dmfd_forwarding forwarding;
	struct dmfd_vectors vectors;
	sigset_t mask;
	pid_t pid;
	int error;

	error = dmfd_build_vectors(command, strings, &vectors);
	if (error)
		return error;
	sigprocmask(SIG_SETMASK, NULL, &mask);
	dmfd_start_forwarding(&forwarding);
	pid = spawn(&(struct start){ .command = command, .vectors = &vectors, .mask = &mask });
	if (pid < 0) {
		dmfd_stop_forwarding(&forwarding);
		dmfd_free_vectors(&vectors);
		return pid;
	}
	close(command->device_fd);
	dmfd_forward_to(pid);
	error = wait_for_end(pid);
	dmfd_stop_forwarding(&forwarding);
	dmfd_free_vectors(&vectors);
	return error ? error : reap(pid, command);
}
