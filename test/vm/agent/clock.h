#ifndef DMFD_AGENT_CLOCK_H
#define DMFD_AGENT_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Microseconds since boot. */
static inline uint64_t clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

#endif
