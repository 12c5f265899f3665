/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_OPEN_DESCRIPTORS_H
#define DMFD_OPEN_DESCRIPTORS_H

/*
 * Calls visit for each open descriptor of this process, in ascending order; it may close that one. 0; -errno where
 * /proc does not list them.
 */
int dmfd_each_descriptor(void (*visit)(int fd, void *argument), void *argument);

#endif
