/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "continue.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

/* How long a SIGCONT for the whole process group may take from us to the command. */
#define GRACE_STEPS 50
#define GRACE_STEP_NANOSECONDS 2000000L

static int is_stopped(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

void dmfd_continue(pid_t command)
{
	const struct timespec step = { .tv_nsec = GRACE_STEP_NANOSECONDS };
	int i;

	for (i = 0; i < GRACE_STEPS && is_stopped(command); i++)
		nanosleep(&step, NULL);
	if (is_stopped(command))
		kill(command, SIGCONT);
}
