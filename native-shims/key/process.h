/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_KEY_PROCESS_H
#define DMFD_KEY_PROCESS_H

#include "table.h"

#define DMFD_KEY_ORDER_LOAD 'L'

/* Sent when the process has the key, and when it has loaded the table. Never holds the key. */
struct dmfd_key_reply {
	int32_t result;
	uint32_t key_size;
	uint32_t given;
};

/*
 * Runs the process that has the key: gets the key, replies, loads the table when it is told to, replies, and exits.
 * It exits at once when the other end of the socket is closed.
 */
_Noreturn void dmfd_key_process(int socket, const struct dmfd_creation *creation, const struct dmfd_keyed_table *table);

#endif
