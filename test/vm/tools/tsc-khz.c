/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints how many thousand times in a second this machine's time stamp counter counts, 0 where it is not x86.
 *
 * Emulated, a guest has the same counter. Left to measure it itself against a timer, which on a busy machine comes
 * late, its kernel may take the rate for a thirtieth, and lets time run thirty times as fast.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#if defined(__x86_64__)
#include <x86intrin.h>

struct moment {
	uint64_t ticks;
	int64_t nanoseconds;
};

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC_RAW, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Of several readings the one that took the least time: nothing came between counter and clock. */
static struct moment read_both(void)
{
	struct moment best = { 0, 0 };
	int64_t shortest = INT64_MAX;
	int i;

	for (i = 0; i < 100; i++) {
		int64_t before = now();
		uint64_t ticks = __rdtsc();
		int64_t took = now() - before;

		if (took >= shortest)
			continue;
		shortest = took;
		best = (struct moment){ ticks, before + took / 2 };
	}
	return best;
}

static uint64_t khz(void)
{
	const struct timespec pause = { .tv_nsec = 100000000 };
	struct moment first = read_both(), last;

	nanosleep(&pause, NULL);
	last = read_both();
	return (last.ticks - first.ticks) * 1000000 / (uint64_t)(last.nanoseconds - first.nanoseconds);
}
#else
static uint64_t khz(void)
{
	return 0;
}
#endif

int main(void)
{
	printf("%llu\n", (unsigned long long)khz());
	return 0;
}
