/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_LAUNCHER_WAIT_H
#define DMFD_LAUNCHER_WAIT_H

#include <sys/types.h>

/* The command that this process has started, as Node, and waits for now; 0 when there is none. */
pid_t dmfd_command_to_wait_for(void);

/* Waits for it, passes on the signals that come meanwhile, and ends as it ends. Returns only on failure, with -errno.
 */
int dmfd_wait_and_end(pid_t command);
/* The same for a command that dmfd_start() has started here. */
int dmfd_end_with(pid_t command);

#endif
