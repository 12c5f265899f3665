/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_LAUNCHER_NODE_H
#define DMFD_LAUNCHER_NODE_H

/*
 * Becomes the first "node" along PATH that can be executed, or else the Node that was found when this was built.
 * Returns only -errno.
 */
int dmfd_become_node(char **arguments, char **environment);

#endif
