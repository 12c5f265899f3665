/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_KEY_CLIENT_H
#define DMFD_KEY_CLIENT_H

#include "table.h"

#include <sys/types.h>

/*
 * dmfd's end of the socket to the only process that ever has the key: a child with memory of its own, into which a
 * debugger of dmfd does not follow. So the key is never in dmfd's memory, its core dumps or its traces.
 */
struct dmfd_key_client {
	int socket;
	pid_t pid;
};

/* What such a process does, and then exits; the socket is its end. */
typedef void dmfd_key_process_fn(int socket, const void *argument);

/* Starts one. 0 or -errno. */
int dmfd_key_client_spawn(struct dmfd_key_client *client, dmfd_key_process_fn *process, const void *argument);

/* Has it load the table; a reply follows. 0 or -errno. */
int dmfd_key_client_order(const struct dmfd_key_client *client);

/* A reply of that size. 0; -EPIPE when the process was killed, or another -errno. */
int dmfd_key_client_receive(const struct dmfd_key_client *client, void *reply, size_t size);

/*
 * Starts the process and waits until it has the key, from creation's source. 0, or -errno and no process is left;
 * -ECANCELED when creation->cancel_fd became readable.
 */
int dmfd_key_client_start(struct dmfd_key_client *client, const struct dmfd_creation *creation,
			  const struct dmfd_keyed_table *table);

/* Has the process load the table. 0 and creation->key_given, or -errno; -EPIPE when the process was killed. */
int dmfd_key_client_load(const struct dmfd_key_client *client, struct dmfd_creation *creation);

/* Tells the process to end and waits until it has. */
void dmfd_key_client_end(struct dmfd_key_client *client);

#endif
