/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_NODE_H
#define DMFD_NODE_H

#include <sys/types.h>

/*
 * Opens the block device with that number: through /dev/dm-MINOR, or where /dev has no such node (containers)
 * or a wrong one, through a node made in a directory of our own and removed at once. Returns a close-on-exec
 * descriptor or -errno; *is_private tells which way was tried last. To be called in a shield, lest a kill leaves the
 * node there.
 */
int dmfd_open_node(dev_t dev, int flags, const char *scratch, int *is_private);

/* Removes the private node, and its directory, of a shield that was killed before it did. */
void dmfd_remove_private_nodes(const char *scratch);

#endif
