/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "exchange.h"

#include <errno.h>

/*
 * Receives a launcher's question. Returns the descriptor of its working directory, close-on-exec; -EPROTO for what no
 * launcher of this version says, -E2BIG for what has no room.
 */
int dmfd_receive_ask(int connection, struct dmfd_ask *ask, char *body, uint32_t room)
{
	const int64_t limit = dmfd_limit_after(DMFD_LAUNCHER_PATIENCE);
	struct dmfd_received received = { .count = 0 };
	int error = dmfd_receive(connection, ask, sizeof(*ask), limit, &received);

	if (!error && (ask->protocol != DMFD_PROTOCOL || received.count != 1 || ask->size == 0))
		error = -EPROTO;
	if (!error && ask->size > room)
		error = -E2BIG;
	if (!error)
		error = dmfd_receive(connection, body, ask->size, limit, NULL);
	if (!error && body[ask->size - 1] != '\0')
		error = -EPROTO;
	if (!error)
		return received.fds[0];
	dmfd_close_received(&received);
	return error;
}

/* 1; 0 when the launcher has gone, or become the command; -ETIMEDOUT. A negative time is no limit. */
int dmfd_receive_reply(int connection, struct dmfd_reply *reply, int timeout_ms)
{
	int error = dmfd_receive(connection, reply, sizeof(*reply), dmfd_limit_after(timeout_ms), NULL);

	return error == -ECONNRESET ? 0 : error ? error : 1;
}
