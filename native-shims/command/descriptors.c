/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "descriptors.h"

#include "fd.h"

#include <fcntl.h>

static int is_moved(const struct dmfd_descriptor *descriptor)
{
	return descriptor->target != descriptor->source && descriptor->target != DMFD_NOT_PASSED;
}

static int is_target(int fd, const struct dmfd_descriptor *descriptors, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (is_moved(&descriptors[i]) && descriptors[i].target == fd)
			return 1;
	return 0;
}

/* Copies a descriptor to a free number that is no target: no move overwrites what another move still needs. */
static int lift(int fd, const struct dmfd_descriptor *descriptors, uint32_t count)
{
	int copy = 2;

	do {
		copy = fcntl(fd, F_DUPFD_CLOEXEC, copy + 1);
		if (copy < 0)
			return -errno;
		if (!is_target(copy, descriptors, count))
			return copy;
		close(copy);
	} while (1);
}

/* Has one number be the descriptor, and keeps what stood there. */
static int replace(int target, int descriptor, const struct dmfd_descriptor *descriptors, uint32_t count,
		   struct dmfd_displaced *displaced)
{
	const int kept = lift(target, descriptors, count);

	/* Nothing stood there; any other failure leaves what does. */
	if (kept < 0 && kept != -EBADF)
		return kept;
	displaced->target[displaced->count] = target;
	displaced->kept[displaced->count++] = kept < 0 ? -1 : kept;
	return dup2(descriptor, target) < 0 ? -errno : 0;
}

static int move(const struct dmfd_descriptor *descriptors, uint32_t count, struct dmfd_displaced *displaced)
{
	int lifted[DMFD_MOVES], targets[DMFD_MOVES], error = 0;
	uint32_t i, moves = 0;

	for (i = 0; i < count && !error; i++) {
		if (!is_moved(&descriptors[i]))
			continue;
		if (moves == DMFD_MOVES) {
			error = -EINVAL;
			break;
		}
		targets[moves] = descriptors[i].target;
		lifted[moves] = lift(descriptors[i].source, descriptors, count);
		if (lifted[moves] < 0)
			error = lifted[moves];
		else
			moves++;
	}
	for (i = 0; i < moves; i++) {
		if (!error)
			error = replace(targets[i], lifted[i], descriptors, count, displaced);
		close(lifted[i]);
	}
	return error;
}

static void pass_on(const struct dmfd_descriptor *descriptors, uint32_t count)
{
	uint32_t i;

	/* Node marks what it inherits close-on-exec, but only up to the first gap above 15. */
	for (i = 0; i < count; i++)
		if (descriptors[i].source == descriptors[i].target)
			fcntl(descriptors[i].source, F_SETFD, 0);
}

/* A standard stream is not left closed, lest the next file that the command opens becomes it. */
static int withhold(const struct dmfd_descriptor *descriptors, uint32_t count)
{
	DMFD_AUTO_FD null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int error = null < 0 ? -errno : 0;
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (descriptors[i].target != DMFD_NOT_PASSED)
			continue;
		if (descriptors[i].source > 2)
			fcntl(descriptors[i].source, F_SETFD, FD_CLOEXEC);
		else if (error)
			return error;
		else if (dup2(null, descriptors[i].source) < 0)
			return -errno;
	}
	return 0;
}

/* Node opens /dev/null for a standard stream that the caller had closed: the command finds it closed. */
static void close_what_was_closed(const struct dmfd_descriptor *descriptors, uint32_t count)
{
	int fd, named;
	uint32_t i;

	for (fd = 0; fd <= 2; fd++) {
		named = 0;
		for (i = 0; i < count; i++)
			named |= descriptors[i].target == fd;
		if (!named)
			fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
}

int dmfd_arrange_descriptors(const struct dmfd_descriptor *descriptors, uint32_t count,
			     struct dmfd_displaced *displaced)
{
	int error;

	displaced->count = 0;
	pass_on(descriptors, count);
	close_what_was_closed(descriptors, count);
	error = withhold(descriptors, count);
	return error ? error : move(descriptors, count, displaced);
}

void dmfd_put_back_descriptors(const struct dmfd_displaced *displaced)
{
	uint32_t i;

	for (i = 0; i < displaced->count; i++) {
		if (displaced->kept[i] < 0) {
			close(displaced->target[i]);
			continue;
		}
		dup3(displaced->kept[i], displaced->target[i], O_CLOEXEC);
		close(displaced->kept[i]);
	}
}

void dmfd_let_go_of_descriptors(const struct dmfd_descriptor *descriptors, uint32_t count)
{
	DMFD_AUTO_FD null = open("/dev/null", O_RDWR | O_CLOEXEC);
	uint32_t i;

	for (i = 0; i < count; i++) {
		int fd = descriptors[i].source;

		if ((descriptors[i].target == DMFD_NOT_PASSED && fd > 2) || fd == 2)
			continue;
		/* The numbers of the standard streams stay taken, lest the next open file becomes one of them. */
		if (fd > 2)
			close(fd);
		else if (null >= 0)
			dup3(null, fd, O_CLOEXEC);
	}
}
