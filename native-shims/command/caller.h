/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_CALLER_H
#define DMFD_CALLER_H

#include "dmfd.h"

#include <signal.h>

/* Makes the command's signal mask: the caller's, or where that is not known the present one. */
void dmfd_caller_mask(const struct dmfd_caller *caller, sigset_t *mask);

/* Sets every signal to its default, except those that the caller ignored. */
void dmfd_restore_dispositions(const struct dmfd_caller *caller);

/* Raises the caller's pending signals in the process that becomes the command, once it has the command's mask. */
void dmfd_restore_pending(const struct dmfd_caller *caller);

/* Restores the soft limit on descriptors, which Node raises to the hard one. */
int dmfd_restore_limit(const struct dmfd_caller *caller);

#endif
