/*
 * dmfd_in_shield() without device-mapper. One line each: "ok NAME" or "wrong NAME".
 */
#include <sys/prctl.h>

static int told_prctl(int option, unsigned long value);
#define prctl(option, value, ...) told_prctl(option, value)
#include "clone.c"
#include "device/shield.c"
#undef prctl

#include <stdio.h>

enum { CALLS = 200, THREADS = 4 };

/* What the shield is told of the memory instead of what it is, as long as it does not change that; -1: what it is. */
static int pretended = -1;

static int told_prctl(int option, unsigned long value)
{
	if (option == PR_GET_DUMPABLE && pretended >= 0)
		return pretended;
	if (option == PR_SET_DUMPABLE)
		pretended = -1;
	return prctl(option, value, 0, 0, 0);
}

static int dumpable(void)
{
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
}

/* In the shield: 7, when the memory may not be dumped, and setsid() made it a session of its own. */
static int look(void *argument)
{
	(void)argument;
	return !dumpable() && getsid(0) == getpid() ? 7 : 1;
}

static pid_t tester;

/* Counts how often it is called, and dies of it in the shield. */
static int count_or_die(void *times)
{
	++*(int *)times;
	return getpid() == tester ? 9 : kill(getpid(), SIGKILL);
}

static int die(void *argument)
{
	(void)argument;
	return kill(getpid(), SIGKILL);
}

static int calls_that_went_wrong(void)
{
	int wrong = 0, i, killed;

	for (i = 0; i < CALLS; i++)
		wrong += dmfd_in_shield(look, NULL, &killed) != 7 || killed;
	return wrong;
}

static void *call_often(void *argument)
{
	(void)argument;
	return (void *)(intptr_t)calls_that_went_wrong();
}

/* As a program may that embeds dmfd: it takes the shield's status, too, so that waitpid() has none for dmfd. */
static void *reap_any_child(void *stop)
{
	while (!*(volatile int *)stop)
		waitpid(-1, NULL, __WALL);
	return NULL;
}

static void tell(const char *name, int right)
{
	printf("%s %s\n", right ? "ok" : "wrong", name);
}

static int beside_a_reaper(void)
{
	int stop = 0, wrong;
	pthread_t reaper;

	if (pthread_create(&reaper, NULL, reap_any_child, &stop) != 0)
		return 0;
	wrong = calls_that_went_wrong();
	stop = 1;
	pthread_join(reaper, NULL);
	return !wrong;
}

static int in_threads(void)
{
	pthread_t threads[THREADS];
	intptr_t wrong = 0;
	int i;

	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, call_often, NULL) != 0)
			return 0;
	for (i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		wrong += (intptr_t)result;
	}
	return !wrong;
}

int main(void)
{
	int killed, result, times = 0;

	tester = getpid();
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	tell("in order", calls_that_went_wrong() == 0 && dumpable() == 1);
	result = dmfd_in_shield(die, NULL, &killed);
	tell("killed", result == -EINTR && killed && dumpable() == 1);
	tell("taken back in a shield", dmfd_take_back(look, NULL) == 7);
	tell("taken back without one, when that is killed", dmfd_take_back(count_or_die, &times) == 9 && times == 2);
	tell("beside a thread that waits for any child", beside_a_reaper());
	tell("in several threads", in_threads() && dumpable() == 1);
	/* Only a change of identity, where the sysctl fs.suid_dumpable is 2, makes it that; nothing makes it that
	 * again. */
	pretended = 2;
	tell("of a caller that only root may dump", dmfd_in_shield(look, NULL, &killed) == 7 && dumpable() == 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	tell("of a caller that may not be dumped", dmfd_in_shield(look, NULL, &killed) == 7 && dumpable() == 0);
	return 0;
}
