/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_ROLLBACK_H
#define DMFD_ROLLBACK_H

#include "dmfd.h"

/*
 * Closes the descriptor and removes the device by its UUID, if that is still our device. While another process, such as
 * a udev worker, has the device open, its removal is deferred. Returns 0 when the device is gone or will be, else
 * -errno.
 */
int dmfd_roll_back(struct dmfd_creation *creation);

/*
 * The same after the shield was killed. The last steps of the shield may be missing in creation, so this asks the
 * kernel whether our device exists, and searches for descriptors of it that were not recorded.
 */
int dmfd_roll_back_unknown(void *creation);

#endif
