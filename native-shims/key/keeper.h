/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_KEY_KEEPER_H
#define DMFD_KEY_KEEPER_H

#include "dmfd.h"

#include <sys/types.h>

/*
 * The one process that ever has the key: a child with memory of its own, which no debugger of dmfd's follows into.
 * dmfd's memory, its core dumps and its traces therefore cannot show what it never had.
 */
struct dmfd_key_keeper {
	int socket;
	pid_t pid;
};

/* Starts it and waits until it has the key, from creation's source: 0 and creation->key_size, or -errno. */
int dmfd_keeper_start(struct dmfd_key_keeper *keeper, struct dmfd_creation *creation, const struct dm_ioctl *table);

/* Has it load the table with the key in it. 0 or -errno; -EPIPE when it was killed. Tells creation how it went. */
int dmfd_keeper_load(const struct dmfd_key_keeper *keeper, struct dmfd_creation *creation);

/* It ends, if it has not; returns when it has. */
void dmfd_keeper_end(struct dmfd_key_keeper *keeper);

#endif
