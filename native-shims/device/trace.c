/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "trace.h"

#include <time.h>

uint64_t dmfd_now(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int dmfd_traced(struct dmfd_creation *creation, enum dmfd_step step, uint64_t since, int result)
{
	if (creation->trace_count < DMFD_TRACE_MAX) {
		struct dmfd_trace_entry *entry = &creation->trace[creation->trace_count++];

		entry->step = step;
		entry->result = result;
		entry->nanoseconds = dmfd_now() - since;
	}
	return result;
}
