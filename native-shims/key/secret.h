/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_KEY_SECRET_H
#define DMFD_KEY_SECRET_H

#include <stddef.h>

/*
 * Returns zeroed memory for a key: never swapped, never dumped and, where the kernel has memfd_secret(2), not even
 * readable by root through /proc/PID/mem. NULL with errno when it cannot be locked.
 */
void *dmfd_secret_map(size_t size);

/* Wipes it first. */
void dmfd_secret_unmap(void *memory, size_t size);

#endif
