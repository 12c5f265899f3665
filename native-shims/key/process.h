/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_KEY_PROCESS_H
#define DMFD_KEY_PROCESS_H

#include "table.h"

#define DMFD_KEY_ORDER_LOAD 'L'

/* Sent when the process has the key, and when it has loaded the table. Never holds the key. */
struct dmfd_key_reply {
	int32_t result;
	uint32_t given;
};

/* The input of the process that has the key of a creation. */
struct dmfd_key_task {
	const struct dmfd_creation *creation;
	const struct dmfd_keyed_table *table;
};

/* The numbers of the process's descriptors; it has no others. Number 2 is not the key's file: libc writes there before
 * it aborts, and dmfd takes that for no reply. */
enum { DMFD_KEY_SOURCE = 0, DMFD_KEY_CONTROL = 1, DMFD_KEY_SOCKET = 2, DMFD_KEY_OTHERS };

/* Hides the process, and closes all other descriptors, above all dmfd's own end of the socket: this process ends when
 * dmfd has closed it. 0 or -errno. */
int dmfd_key_process_begin(int source, int control, int socket);

void dmfd_key_process_reply(int socket, const void *reply, size_t size);

/* 0 when the other end was closed instead. */
int dmfd_key_process_is_told_to_load(void);

/* Wipes the secret, then replies, unless reply is NULL, and exits. */
_Noreturn void dmfd_key_process_end(void *secret, size_t secret_size, const void *reply, size_t size);

/*
 * Runs the process that has the key: gets the key, replies, loads the table when it is told to, replies, and exits.
 * It exits at once when the other end of the socket is closed.
 */
_Noreturn void dmfd_key_process(int socket, const void *task);

#endif
