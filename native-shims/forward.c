/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "forward.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH, SIGIO, SIGPWR };
#define FORWARDED (sizeof(forwarded) / sizeof(forwarded[0]))

/* A handler has no other way to know: one command at a time, set and cleared by dmfd_run(). */
static volatile pid_t command_pid;
static volatile sig_atomic_t kept[NSIG];

/* What a terminal sends, it sends to the whole foreground process group: the command has it already. */
static int command_has_it(const siginfo_t *info, pid_t pid)
{
	return info->si_code == SI_KERNEL && getpgid(pid) == getpgrp();
}

static void forward(int signal, siginfo_t *info, void *context)
{
	int saved = errno;
	pid_t pid = command_pid;

	(void)context;
	/* Before the command exists, it cannot have got what the terminal sends, either. */
	if (pid == 0)
		kept[signal] = 1;
	else if (!command_has_it(info, pid))
		kill(pid, signal);
	errno = saved;
}

void dmfd_start_forwarding(struct dmfd_forwarding *forwarding)
{
	struct sigaction action = { .sa_sigaction = forward, .sa_flags = SA_SIGINFO | SA_RESTART };
	size_t i;

	command_pid = 0;
	sigfillset(&action.sa_mask);
	for (i = 0; i < FORWARDED; i++) {
		kept[forwarded[i]] = 0;
		sigaction(forwarded[i], &action, &forwarding->before[forwarded[i]]);
	}
}

void dmfd_forward_to(pid_t pid)
{
	size_t i;

	command_pid = pid;
	for (i = 0; i < FORWARDED; i++)
		if (kept[forwarded[i]]) {
			kept[forwarded[i]] = 0;
			kill(pid, forwarded[i]);
		}
}

void dmfd_stop_forwarding(const struct dmfd_forwarding *forwarding)
{
	size_t i;

	for (i = 0; i < FORWARDED; i++)
		sigaction(forwarded[i], &forwarding->before[forwarded[i]], NULL);
	command_pid = 0;
}
