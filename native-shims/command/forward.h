/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_FORWARD_H
#define DMFD_FORWARD_H

#include <signal.h>
#include <sys/types.h>

/* From here on, signals sent to dmfd are passed to the command; with 0 for its pid, they are kept until it has one. */
void dmfd_start_forwarding(pid_t pid);
/* Sets the command's pid and sends it the signals that were kept. */
void dmfd_forward_to(pid_t pid);
/* Signals that are still kept come once more, as they do without a command. */
void dmfd_stop_forwarding(void);
/* Blocks the signals that are passed on, which stay pending then; the mask as it was. */
void dmfd_hold_forwarded(sigset_t *before);

/* Stops this process as signal stops one by default; returns when it is continued. */
void dmfd_stop_as(int signal);

#endif
