/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "wait.h"

#include "close-from.h"
#include "command/forward.h"
#include "dmfd.h"

#include <stdlib.h>
#include <unistd.h>

pid_t dmfd_command_to_wait_for(void)
{
	const char *value = getenv("DMFD_WAIT");
	char *rest;

	/* Begins with the number of this process: what another one left behind in the environment means nothing. */
	if (!value || strtol(value, &rest, 10) != getpid() || *rest != ':')
		return 0;
	return (pid_t)strtol(rest + 1, NULL, 10);
}

int dmfd_wait_and_end(pid_t pid)
{
	dmfd_start_forwarding(pid);
	return dmfd_end_with(pid);
}

int dmfd_end_with(pid_t pid)
{
	struct dmfd_command command = { .exit_code = 0 };
	int error;

	/* What Node has left open, but for standard error; and what was withheld from the command. */
	dmfd_close_from(STDERR_FILENO + 1);
	error = dmfd_wait(&command, pid);
	if (error)
		return error;
	if (command.signal) {
		dmfd_die_of_signal(command.signal);
		dmfd_end(128 + command.signal);
	}
	dmfd_end(command.exit_code);
}
