/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_DESCRIPTORS_H
#define DMFD_DESCRIPTORS_H

#include "dmfd.h"

/* The device, and the device once more read-only. */
#define DMFD_MOVES 2

/* The descriptors that the moves replaced, for a process that has to go on after a failed execve(). */
struct dmfd_displaced {
	int target[DMFD_MOVES];
	int kept[DMFD_MOVES]; /* a close-on-exec copy; -1: nothing stood there */
	uint32_t count;
};

/* Makes this process's descriptors the command's, all but those that execve() closes. 0 or -errno. */
int dmfd_arrange_descriptors(const struct dmfd_descriptor *descriptors, uint32_t count,
			     struct dmfd_displaced *displaced);
void dmfd_put_back_descriptors(const struct dmfd_displaced *displaced);

/*
 * For dmfd itself, once a command has them: only the command decides then how long a pipe or a lock is held open.
 * Keeps standard error, and what was not passed and is no standard stream.
 */
void dmfd_let_go_of_descriptors(const struct dmfd_descriptor *descriptors, uint32_t count);

#endif
