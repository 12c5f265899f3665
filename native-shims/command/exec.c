/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "caller.h"
#include "command.h"

/*
 * Becomes the command, which keeps the pid. Returns only on failure, with -errno, and with the descriptors where they
 * were, so that the failure can still be told.
 */
int dmfd_exec(struct dmfd_command *command, char *strings, const struct dmfd_descriptor *descriptors)
{
	struct dmfd_displaced displaced;
	struct dmfd_vectors vectors;
	sigset_t mask;
	int error;

	error = dmfd_build_vectors(command, strings, &vectors);
	if (error)
		return error;
	dmfd_caller_mask(&command->caller, &mask);
	error = dmfd_become(command, &vectors, descriptors, &mask, &displaced);
	dmfd_put_back_descriptors(&displaced);
	dmfd_free_vectors(&vectors);
	return error;
}
