/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_FORWARD_H
#define DMFD_FORWARD_H

#include <signal.h>
#include <sys/types.h>

struct dmfd_forwarding {
	struct sigaction before[NSIG];
};

/* From here on, signals sent to dmfd are passed to the command; those that come before it has a pid are kept. */
void dmfd_start_forwarding(struct dmfd_forwarding *forwarding);
/* Names the command and sends it what was kept. */
void dmfd_forward_to(pid_t pid);
void dmfd_stop_forwarding(const struct dmfd_forwarding *forwarding);

#endif
