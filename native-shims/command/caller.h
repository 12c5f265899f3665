/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_CALLER_H
#define DMFD_CALLER_H

#include "dmfd.h"

#include <signal.h>

/* What the command's signal mask is to be: the caller's, or where that is not known the present one. */
void dmfd_caller_mask(const struct dmfd_caller *caller, sigset_t *mask);

/* Every signal at its default, but what the caller ignored. */
void dmfd_restore_dispositions(const struct dmfd_caller *caller);

/* For the process that the command will be, with the command's mask: pending is only what that blocks. */
void dmfd_restore_pending(const struct dmfd_caller *caller);

/* Node raises the soft limit on descriptors to the hard one. */
int dmfd_restore_limit(const struct dmfd_caller *caller);

#endif
