/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_CLONE_H
#define DMFD_CLONE_H

#include <sys/types.h>

/*
 * clone() with CLONE_VM and CLONE_VFORK on a small stack, which is gone when this returns: the child has ended or
 * executed something by then. The pid or -errno.
 */
pid_t dmfd_clone(int (*fn)(void *), void *argument, int flags);

/*
 * Waits until a child has ended whose end sends no signal, as of one that dmfd_clone() has made. ECHILD does no harm:
 * another thread, waiting for any child, has reaped it.
 */
void dmfd_await_clone(pid_t pid);

#endif
