/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_CONTINUE_H
#define DMFD_CONTINUE_H

#include <sys/types.h>

/*
 * dmfd was continued, perhaps alone, for the sender of the SIGCONT may know no more than dmfd's pid: the command goes
 * on, too, if it has stopped. Async-signal-safe.
 */
void dmfd_continue(pid_t command);

#endif
