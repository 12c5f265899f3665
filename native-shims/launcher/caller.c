/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "caller.h"

#include "open-descriptors.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* Asked one by one where /proc does not list them. */
#define ASKED_DESCRIPTORS 65536

struct out {
	char *text;
	size_t size;
	/* Of all that there is to say, whether it had room or not. */
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void put(struct out *out, const char *format, ...)
{
	va_list arguments;
	const size_t room = out->length < out->size ? out->size - out->length : 0;
	int length;

	va_start(arguments, format);
	length = vsnprintf(room ? out->text + out->length : NULL, room, format, arguments);
	va_end(arguments);
	out->length += (size_t)length;
}

static uint64_t ignored_signals(void)
{
	uint64_t ignored = 0;
	struct sigaction action;
	int signal;

	for (signal = 1; signal < NSIG; signal++)
		if (sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			ignored |= dmfd_signal_bit(signal);
	return ignored;
}

static uint64_t blocked_signals(void)
{
	uint64_t blocked = 0;
	sigset_t mask;
	int signal;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (signal = 1; signal < NSIG; signal++)
		if (sigismember(&mask, signal) == 1)
			blocked |= dmfd_signal_bit(signal);
	return blocked;
}

/* Taken off: Node unblocks every signal when it starts, and would die of them. The command gets them back. */
static uint64_t take_pending_signals(void)
{
	const struct timespec at_once = { .tv_sec = 0 };
	uint64_t taken = 0;
	sigset_t pending;
	int signal;

	sigpending(&pending);
	while ((signal = sigtimedwait(&pending, NULL, &at_once)) > 0)
		taken |= dmfd_signal_bit(signal);
	return taken;
}

static void put_range(struct out *out, int first, int last)
{
	put(out, first == last ? "%d," : "%d-%d,", first, last);
}

struct ranges {
	struct out *out;
	/* The last range, which is not written out yet; -1: there is none. */
	int first, last;
};

/* Grows the range by a descriptor that follows it, or writes it out and starts the next; -1 writes out the last. */
static void add(int fd, void *pointer)
{
	struct ranges *ranges = pointer;

	if (ranges->first >= 0 && fd == ranges->last + 1) {
		ranges->last = fd;
		return;
	}
	if (ranges->first >= 0)
		put_range(ranges->out, ranges->first, ranges->last);
	ranges->first = ranges->last = fd;
}

static void put_descriptors(struct out *out)
{
	struct ranges ranges = { .out = out, .first = -1, .last = -1 };
	int fd;

	if (dmfd_each_descriptor(add, &ranges) < 0)
		for (fd = 0; fd < ASKED_DESCRIPTORS; fd++)
			if (fcntl(fd, F_GETFD) >= 0)
				add(fd, &ranges);
	add(-1, &ranges);
}

/* Where this program is, which Node becomes again to wait for the command. */
static void put_launcher(struct out *out)
{
	char own[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", own, sizeof(own));

	put(out, ";launcher=%.*s", length < 0 ? 0 : (int)length, own);
}

int dmfd_describe_caller(char *text, size_t size)
{
	struct out out = { .text = text, .size = size };
	struct rlimit limit = { .rlim_cur = 0 };

	getrlimit(RLIMIT_NOFILE, &limit);
	put(&out, "pid=%d;ignored=%" PRIx64 ";blocked=%" PRIx64, (int)getpid(), ignored_signals(), blocked_signals());
	put(&out, ";pending=%" PRIx64, take_pending_signals());
	put(&out, ";nofile=%ju:%ju;fds=", (uintmax_t)limit.rlim_cur, (uintmax_t)limit.rlim_max);
	put_descriptors(&out);
	put_launcher(&out);
	return out.length < size ? 0 : -E2BIG;
}
