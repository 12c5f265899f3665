/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_KEY_CHILD_H
#define DMFD_KEY_CHILD_H

#include "dmfd.h"

#define DMFD_KEY_ORDER_LOAD 'L'

/* What it says when it has the key, and when it has loaded the table. Never the key. */
struct dmfd_key_reply {
	int32_t result;
	uint32_t key_size;
	uint32_t given;
	int32_t keyring_error;
};

/*
 * The life of the process that has the key: gets it, says so, loads the table when it is told to, and ends; at once when
 * nobody is left at the other end of the socket.
 */
_Noreturn void dmfd_key_child(int socket, const struct dmfd_creation *creation, const struct dm_ioctl *table);

#endif
