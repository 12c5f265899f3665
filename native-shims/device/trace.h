/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_TRACE_H
#define DMFD_TRACE_H

#include "dmfd.h"

/* Nanoseconds of the monotonic clock. */
uint64_t dmfd_now(void);

/* Appends a step, its result and its duration to the creation's trace, unless that is full. Returns result. */
int dmfd_traced(struct dmfd_creation *creation, enum dmfd_step step, uint64_t since, int result);

#endif
