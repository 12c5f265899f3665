/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_COMMAND_H
#define DMFD_COMMAND_H

#include "dmfd.h"

#include <signal.h>

struct dmfd_vectors {
	const char *file;
	char **argv;
	char **envp;
};

/* Points into strings; one allocation, freed with dmfd_free_vectors(). 0, -EINVAL for a short buffer, -ENOMEM. */
int dmfd_build_vectors(const struct dmfd_command *command, const char *strings, struct dmfd_vectors *vectors);
void dmfd_free_vectors(struct dmfd_vectors *vectors);

/*
 * The last steps before execve(): the device at its number, every signal at its default, mask in force. Keeps what
 * stood at the target number in *displaced (-1: nothing), for a caller who has to go on living.
 */
int dmfd_prepare_command(const struct dmfd_command *command, const sigset_t *mask, int *displaced);

#endif
