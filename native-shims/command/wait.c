/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "continue.h"
#include "dmfd.h"
#include "forward.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A shell waits for dmfd, so dmfd stops when its command has stopped, and the shell's fg continues the process group of
 * both. SIGSTOP may also come from elsewhere (kill -STOP), and its sender may continue the command only: then
 * dmfd stops along only under a shell that has given it a process group of its own.
 */
static int is_to_be_followed(int signal)
{
	pid_t parent = getppid();

	return signal != SIGSTOP || (getpgid(parent) != getpgrp() && getsid(parent) == getsid(0));
}

static void follow(pid_t pid, int signal)
{
	dmfd_stop_as(signal);
	dmfd_continue(pid);
}

/* Waits without reaping first: while the command is a zombie, its pid cannot become another process's. */
static int wait_for_end(pid_t pid)
{
	int next = WSTOPPED;
	siginfo_t info;

	for (;;) {
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | next) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		switch (info.si_code) {
		case CLD_STOPPED:
			if (is_to_be_followed(info.si_status))
				follow(pid, info.si_status);
			else
				next = WCONTINUED;
			break;
		case CLD_CONTINUED:
			waitid(P_PID, (id_t)pid, &info, WCONTINUED | WNOHANG);
			next = WSTOPPED;
			break;
		default:
			return 0;
		}
	}
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

/* Waits for the command that dmfd_start() started, in this process. 0 with exit_code and signal in command, or -errno.
 */
int dmfd_wait(struct dmfd_command *command, int pid)
{
	int error = wait_for_end(pid);

	dmfd_stop_forwarding();
	return error ? error : reap(pid, command);
}
