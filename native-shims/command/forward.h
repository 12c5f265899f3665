/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_FORWARD_H
#define DMFD_FORWARD_H

#include <sys/types.h>

/* From here on, signals sent to dmfd are passed to the command; those that come before it has a pid are kept. */
void dmfd_start_forwarding(void);
/* Sets the command's pid and sends it the signals that were kept. */
void dmfd_forward_to(pid_t pid);
void dmfd_stop_forwarding(void);

/* Whether SIGCONT has come since this was last asked. */
int dmfd_was_continued(void);

/* Stops this process as signal stops one by default; returns when it is continued. */
void dmfd_stop_as(int signal);

#endif
