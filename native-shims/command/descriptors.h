/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_DESCRIPTORS_H
#define DMFD_DESCRIPTORS_H

#include "dmfd.h"

/* The device, and the device once more read-only. */
#define DMFD_MOVES 2

/* What stood at the numbers that were taken, for a process that may have to go on as it was. */
struct dmfd_displaced {
	int target[DMFD_MOVES];
	int kept[DMFD_MOVES]; /* a close-on-exec copy; -1: nothing stood there */
	uint32_t count;
};

/* Makes this process's descriptors the command's, all but those that execve() closes. 0 or -errno. */
int dmfd_arrange_descriptors(const struct dmfd_descriptor *descriptors, uint32_t count, struct dmfd_displaced *displaced);
void dmfd_put_back_descriptors(const struct dmfd_displaced *displaced);

/*
 * For dmfd itself, once a command has them: only the command decides then how long a pipe or a lock is held open.
 * Keeps standard error, and what only dmfd was to have.
 */
void dmfd_let_go_of_descriptors(const struct dmfd_descriptor *descriptors, uint32_t count);

#endif
