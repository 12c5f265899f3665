/* Starting a program with nothing inherited from the agent but its three standard descriptors. */
#ifndef DMFD_AGENT_SPAWN_H
#define DMFD_AGENT_SPAWN_H

#include <sys/types.h>

struct spawn_request {
	char *const *argv;
	char *const *env;
	const char *cwd;
	int stdin_fd; /* -1: the program starts without a descriptor 0 */
	int stdout_fd;
	int stderr_fd;
};

/*
 * Returns the pid of a process that is the leader of its own session and process group and already
 * runs the program: default signal dispositions, empty signal mask, descriptors 0, 1 and 2 only. Or
 * returns -errno, with *step naming what failed.
 */
pid_t spawn(const struct spawn_request *request, const char **step);

#endif
