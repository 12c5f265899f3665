/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_ROLLBACK_H
#define DMFD_ROLLBACK_H

#include "dmfd.h"

/*
 * Closes the descriptor and removes the device by its UUID; when something else (a udev worker) has it open, marks
 * it to go with that. Returns 0 when it is gone or doomed, else what the removal said.
 */
int dmfd_roll_back(struct dmfd_creation *creation);

/*
 * The same after the shield was killed: nothing is known but what stands in memory, so the kernel is asked whether
 * our device exists, and descriptors of it that nobody recorded are searched for and closed.
 */
int dmfd_roll_back_unknown(void *creation);

#endif
