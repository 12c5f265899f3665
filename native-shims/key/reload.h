/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_KEY_RELOAD_H
#define DMFD_KEY_RELOAD_H

#include "client.h"
#include "device/live-table.h"

/*
 * Starts a process that reads the live table of a device, which may have a key in it, and makes the request of it that
 * loads it with the length that resizing has. 0 and *last, with the process waiting for dmfd_reload(); -EBUSY when
 * another process has suspended the device or loaded a table, or another -errno, and no process is left.
 */
int dmfd_reload_start(struct dmfd_key_client *client, const struct dmfd_resizing *resizing,
		      struct dmfd_last_segment *last);

/* Has it load the table. 0 or -errno; -EPIPE when it was killed. */
int dmfd_reload(const struct dmfd_key_client *client);

#endif
