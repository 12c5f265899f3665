/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_COMMAND_H
#define DMFD_COMMAND_H

#include "descriptors.h"

#include <signal.h>

struct dmfd_vectors {
	char *file;
	char **argv;
	char **envp;
};

/* Points into strings; one allocation, freed with dmfd_free_vectors(). 0, -EINVAL for a short buffer, -ENOMEM. */
int dmfd_build_vectors(const struct dmfd_command *command, char *strings, struct dmfd_vectors *vectors);
void dmfd_free_vectors(struct dmfd_vectors *vectors);

/* Everything as the command shall find it, then execve(). Returns only -errno. */
int dmfd_become(struct dmfd_command *command, const struct dmfd_vectors *vectors,
		const struct dmfd_descriptor *descriptors, const sigset_t *mask, struct dmfd_displaced *displaced);

#endif
