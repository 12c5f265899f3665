/*
 * Signals that come while a command is started: kill(2) is played here, and so is the other thread of dmfd's, which
 * starts the command while the handler runs. One line each: to whom they go then.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

enum { COMMAND = 1234567 };

static int told(pid_t pid, int signal);
static void start_meanwhile(void);

#define kill(pid, signal) told(pid, signal)
/* The name is not replaced once more in what it is replaced by. */
#define __atomic_store_n(at, value, order) (start_meanwhile(), __atomic_store_n(at, value, order))
#include "command/forward.c"
#undef kill
#include "command/continue.c"

static int starts_meanwhile;

static int told(pid_t pid, int signal)
{
	printf(" %d to %s", signal, pid == COMMAND ? "the command" : pid == getpid() ? "dmfd" : "others");
	return pid == getpid() ? raise(signal) : 0;
}

static void start_meanwhile(void)
{
	if (!starts_meanwhile)
		return;
	starts_meanwhile = 0;
	dmfd_forward_to(COMMAND);
}

static void say(int signal)
{
	printf(", it gets %d", signal);
}

int main(void)
{
	const struct sigaction action = { .sa_handler = say };
	sigset_t blocked;

	sigaction(SIGTERM, &action, NULL);
	signal(SIGHUP, SIG_IGN);
	printf("before:");
	dmfd_start_forwarding(0);
	raise(SIGTERM);
	raise(SIGHUP);
	raise(SIGTERM);
	dmfd_forward_to(COMMAND);
	printf("\nafter:");
	raise(SIGTERM);
	dmfd_stop_forwarding();
	printf("\nwhile:");
	dmfd_start_forwarding(0);
	starts_meanwhile = 1;
	raise(SIGTERM);
	dmfd_stop_forwarding();
	printf("\nwithout one:");
	dmfd_start_forwarding(0);
	raise(SIGTERM);
	raise(SIGHUP);
	dmfd_stop_forwarding();
	printf("\nwithout one, blocked:");
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	dmfd_start_forwarding(0);
	raise(SIGTERM);
	dmfd_stop_forwarding();
	printf(", later");
	sigprocmask(SIG_UNBLOCK, &blocked, NULL);
	printf("\n");
	return 0;
}
