/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_TRACE_H
#define DMFD_TRACE_H

#include "dmfd.h"

uint64_t dmfd_now(void);
/* Records what a step came to; remembers the first step that failed. Returns result. */
int dmfd_traced(struct dmfd_creation *creation, enum dmfd_step step, uint64_t since, int result);

#endif
