/*
 * A command that shall die with dmfd's caller, and dmfd, which is killed when it has only just made the process for it.
 * One line each: what signal the caller has asked for, whether dmfd dies, and whether the command runs.
 */
#define _GNU_SOURCE
#include "command/start.c"

#include <stdio.h>
#include <stdlib.h>

static int dies, namespaces;

/* dmfd's child, which dmfd waits for as a parent that is suspended: its memory is its own here. */
pid_t dmfd_clone(int (*fn)(void *), void *argument, int flags)
{
	const pid_t dmfd = getpid(), child = fork();

	(void)flags;
	if (child > 0)
		waitpid(child, NULL, 0);
	if (child)
		return child;
	if (dies)
		kill(dmfd, SIGKILL);
	while (dies && getppid() == dmfd)
		usleep(1000);
	_exit(fn(argument));
}

/* As the command would. */
int dmfd_become(struct dmfd_command *command, const struct dmfd_vectors *vectors,
		const struct dmfd_descriptor *descriptors, const sigset_t *mask, struct dmfd_displaced *displaced)
{
	(void)command;
	(void)vectors;
	(void)descriptors;
	(void)mask;
	(void)displaced;
	return write(STDOUT_FILENO, " runs", 5) < 0 ? -EIO : 0;
}

int dmfd_build_vectors(const struct dmfd_command *command, char *strings, struct dmfd_vectors *vectors)
{
	(void)command;
	(void)strings;
	(void)vectors;
	return 0;
}

void dmfd_free_vectors(struct dmfd_vectors *vectors)
{
	(void)vectors;
}

void dmfd_caller_mask(const struct dmfd_caller *caller, sigset_t *mask)
{
	(void)caller;
	sigemptyset(mask);
}

void dmfd_start_forwarding(pid_t pid)
{
	(void)pid;
}

void dmfd_stop_forwarding(void)
{
}

void dmfd_forward_to(pid_t pid)
{
	(void)pid;
}

void dmfd_let_go_of_descriptors(const struct dmfd_descriptor *descriptors, uint32_t count)
{
	(void)descriptors;
	(void)count;
}

static void try(int signal, int kills)
{
	struct dmfd_command command = { .argc = 0 };
	int status;
	pid_t dmfd;

	printf("%d, %s:", signal, kills ? "killed" : "not killed");
	fflush(stdout);
	dmfd = fork();
	if (dmfd == 0) {
		dies = kills;
		/* The command's, where this may be done. */
		if (unshare(namespaces) < 0)
			namespaces = 0;
		prctl(PR_SET_PDEATHSIG, signal);
		_exit(dmfd_start(&command, NULL, NULL) < 0);
	}
	/* And the orphan. */
	while (wait(&status) > 0)
		;
	printf("\n");
}

int main(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	try(0, 0);
	try(SIGTERM, 0);
	try(0, 1);
	try(SIGTERM, 1);
	namespaces = CLONE_NEWPID;
	printf("in another pid namespace, ");
	try(SIGTERM, 0);
	return 0;
}
