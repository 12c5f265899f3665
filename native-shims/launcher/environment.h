/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_LAUNCHER_ENVIRONMENT_H
#define DMFD_LAUNCHER_ENVIRONMENT_H

/*
 * The environment for Node: the caller's with state, "NAME=value", in place of an older one of that name. Variables
 * that would steer Node, and so dmfd, have a prefix there, which src/handoff/caller.ts takes off again for the command:
 * they are meant for that. NULL when memory is out; nothing is freed, execve() follows.
 */
char **dmfd_hide_from_node(char **environment, char *state);

#endif
