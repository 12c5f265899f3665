/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "forward.h"

#include "continue.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* Static, because a signal handler needs them: for one command at a time, from dmfd_start() to dmfd_wait(). */
static pid_t command_pid;
static int kept[NSIG];
static struct sigaction before[NSIG];
static sigset_t mask_before;

/* All signals that can be caught, except those a process raises by its own fault and those that report on children. */
static int is_forwarded(int signal)
{
	switch (signal) {
	case SIGKILL:
	case SIGSTOP:
	case SIGCONT:
	case SIGCHLD:
	case SIGPIPE:
	case SIGSEGV:
	case SIGBUS:
	case SIGFPE:
	case SIGILL:
	case SIGTRAP:
	case SIGABRT:
	case SIGSYS:
		return 0;
	default:
		return 1;
	}
}

/* Other signals of the kernel's own are for one process: a timer that dmfd's caller has set goes on in dmfd. */
static int is_of_terminal(const siginfo_t *info)
{
	switch (info->si_signo) {
	case SIGHUP:
	case SIGINT:
	case SIGQUIT:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
	case SIGWINCH:
		return info->si_code == SI_KERNEL;
	default:
		return 0;
	}
}

/*
 * What a terminal sends, it sends to the whole foreground process group: the command has it already. What the
 * command itself sends (kill 0), it does not want to get a second time.
 */
static int command_has_it(const siginfo_t *info, pid_t pid)
{
	if (!is_of_terminal(info))
		return info->si_code == SI_USER && info->si_pid == pid;
	/* A terminal that goes away tells its session's leader alone. */
	if (info->si_signo == SIGHUP && getsid(0) == getpid())
		return 0;
	return getpgid(pid) == getpgrp();
}

/* Of the thread that starts the command and that in which the handler runs, one sees what the other has done. */
static pid_t current_pid(void)
{
	return __atomic_load_n(&command_pid, __ATOMIC_SEQ_CST);
}

static int take_kept(int signal)
{
	return __atomic_exchange_n(&kept[signal], 0, __ATOMIC_SEQ_CST);
}

/* Before the command exists, it does not get what the terminal sends, either. Until its pid is known here, it may get
 * it twice. */
static void keep(int signal)
{
	pid_t pid;

	__atomic_store_n(&kept[signal], 1, __ATOMIC_SEQ_CST);
	pid = current_pid();
	if (pid != 0 && take_kept(signal))
		kill(pid, signal);
}

static void forward(int signal, siginfo_t *info, void *context)
{
	int saved = errno;
	pid_t pid = current_pid();

	(void)context;
	if (pid == 0)
		keep(signal);
	else if (!command_has_it(info, pid))
		kill(pid, signal);
	errno = saved;
}

/* Here, and not in the wait for the command, which would sleep over one that comes just before it. */
static void go_on(int signal)
{
	int saved = errno;
	pid_t pid = current_pid();

	(void)signal;
	if (pid != 0)
		dmfd_continue(pid);
	errno = saved;
}

/* With SIGCONT, after which the command is to go on. */
static void fill_with_caught(sigset_t *caught)
{
	int signal;

	sigemptyset(caught);
	sigaddset(caught, SIGCONT);
	for (signal = 1; signal < NSIG; signal++)
		if (is_forwarded(signal))
			sigaddset(caught, signal);
}

void dmfd_start_forwarding(pid_t pid)
{
	struct sigaction action = { .sa_sigaction = forward, .sa_flags = SA_SIGINFO | SA_RESTART };
	const struct sigaction on_continue = { .sa_handler = go_on, .sa_flags = SA_RESTART };
	sigset_t caught;
	int signal;

	__atomic_store_n(&command_pid, pid, __ATOMIC_SEQ_CST);
	sigfillset(&action.sa_mask);
	sigaction(SIGCONT, &on_continue, &before[SIGCONT]);
	for (signal = 1; signal < NSIG; signal++) {
		if (!is_forwarded(signal))
			continue;
		take_kept(signal);
		/* Those that libc keeps for itself cannot be had. */
		sigaction(signal, &action, &before[signal]);
	}
	/* What the caller blocked is the command's to block. */
	fill_with_caught(&caught);
	sigprocmask(SIG_UNBLOCK, &caught, &mask_before);
}

void dmfd_forward_to(pid_t pid)
{
	int signal;

	__atomic_store_n(&command_pid, pid, __ATOMIC_SEQ_CST);
	for (signal = 1; signal < NSIG; signal++)
		if (take_kept(signal))
			kill(pid, signal);
}

void dmfd_stop_forwarding(void)
{
	int signal;

	sigprocmask(SIG_SETMASK, &mask_before, NULL);
	for (signal = 1; signal < NSIG; signal++)
		if (is_forwarded(signal) || signal == SIGCONT)
			sigaction(signal, &before[signal], NULL);
	__atomic_store_n(&command_pid, 0, __ATOMIC_SEQ_CST);
	/* There was no command: they were for this process. */
	for (signal = 1; signal < NSIG; signal++)
		if (take_kept(signal))
			kill(getpid(), signal);
}

void dmfd_hold_forwarded(sigset_t *before_hold)
{
	sigset_t caught;

	fill_with_caught(&caught);
	sigprocmask(SIG_BLOCK, &caught, before_hold);
}

void dmfd_stop_as(int signal)
{
	const struct sigaction as_default = { .sa_handler = SIG_DFL };
	struct sigaction ours;

	sigaction(signal, &as_default, &ours);
	kill(getpid(), signal);
	sigaction(signal, &ours, NULL);
}
