/*
 * dmfd is continued in the moment before it begins to wait for a command that has stopped: how that ends.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int wait_after_continue(id_t pid, siginfo_t *info, int options);

#define waitid(type, id, info, options) wait_after_continue(id, info, options)
#include "command/wait.c"
#undef waitid
#include "command/continue.c"
#include "command/forward.c"

static int has_stopped;

static int wait_after_continue(id_t pid, siginfo_t *info, int options)
{
	int result;

	if (has_stopped) {
		has_stopped = 0;
		raise(SIGCONT);
	}
	result = waitid(P_PID, pid, info, options);
	has_stopped = result == 0 && info->si_code == CLD_STOPPED;
	return result;
}

int main(void)
{
	struct dmfd_command command = { .argc = 0 };
	pid_t pid;

	/* No shell's job, which would stop along. */
	if (fork() != 0) {
		int status = 1;

		wait(&status);
		return status != 0;
	}
	setsid();
	alarm(10);
	pid = fork();
	if (pid == 0) {
		raise(SIGSTOP);
		_exit(5);
	}
	dmfd_start_forwarding(pid);
	if (dmfd_wait(&command, pid) == 0)
		printf("status %d\n", command.exit_code);
	fflush(stdout);
	return 0;
}
