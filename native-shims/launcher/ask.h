/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_LAUNCHER_ASK_H
#define DMFD_LAUNCHER_ASK_H

#include <stdint.h>

/* The state that this process was started with, as it has noted it. */
struct dmfd_question {
	char **words; /* without the name of the program; ends with NULL */
	char **environment;
	const char *state; /* as of dmfd_describe_caller() */
	const char *script; /* as of dmfd_find_script() */
};

/* Node has to do it: nothing was done, and nothing written. */
#define DMFD_BECOME_NODE INT32_MIN

/*
 * Asks the service, where there is one, to do what the words say; a server that does not accept costs 50 ms. Returns
 * the exit status, or does not return: this process has become the command, or has ended as the command did. Otherwise
 * DMFD_BECOME_NODE; or -errno when the service went away after it had begun to answer.
 */
int dmfd_ask_service(const struct dmfd_question *question);

#endif
