/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_LIVE_TABLE_H
#define DMFD_LIVE_TABLE_H

#include "dmfd.h"

/* Where the last segment of a table lies. */
struct dmfd_last_segment {
	uint64_t start; /* sectors, on the backing */
	uint32_t major;
	uint32_t minor;
	int key_in_keyring;
};

/*
 * Makes of a reply to DM_TABLE_STATUS, in place, the DM_TABLE_LOAD request for the same table, whose last segment has
 * that length, unless it is 0. A key in it is neither copied nor looked at. 0; -ENODATA for no table, -EOPNOTSUPP when
 * the last segment's target is neither linear nor crypt, -EBADMSG when the reply makes no sense.
 */
int dmfd_reload_request(struct dm_ioctl *table, uint64_t length, struct dmfd_last_segment *last);

#endif
