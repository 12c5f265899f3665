/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that a killed shield has opened, and told nobody of. */
#ifndef DMFD_LOST_H
#define DMFD_LOST_H

#include "text.h"

/* Closes each descriptor of this process that is_lost says is one. 0; -errno where /proc does not list them. */
int dmfd_close_lost(int (*is_lost)(int fd, const void *argument), const void *argument);

/* The path that a descriptor was opened by, with " (deleted)" behind it if that has gone; 0 or -errno. */
int dmfd_path_of(int fd, struct dmfd_text *path);

#endif
