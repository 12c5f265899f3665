/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "exchange.h"

/*
 * Sends the head of an answer, and up to two descriptors with it (-1: none). They are on their way then, and to be
 * closed here before the rest goes: what the launcher does with all of it, it does as their only owner.
 */
int dmfd_answer(int connection, const struct dmfd_answer *answer, int first, int second)
{
	const struct iovec part = { .iov_base = (void *)answer, .iov_len = sizeof(*answer) };
	const int fds[] = { first, second };

	return dmfd_send_all(connection, &part, 1, fds, (uint32_t)((first >= 0) + (second >= 0)),
			     dmfd_limit_after(DMFD_LAUNCHER_PATIENCE));
}

int dmfd_answer_rest(int connection, const char *bytes, uint32_t size)
{
	const struct iovec part = { .iov_base = (void *)bytes, .iov_len = size };

	return dmfd_send_all(connection, &part, 1, NULL, 0, dmfd_limit_after(DMFD_LAUNCHER_PATIENCE));
}
