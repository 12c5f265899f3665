#ifndef DMFD_AGENT_SESSION_H
#define DMFD_AGENT_SESSION_H

#include <sys/types.h>

/*
 * Signals every process of a session. A command's own process group is not enough: a shell with job
 * control moves its children to groups of their own.
 */
void session_signal(pid_t session, int number);

#endif
