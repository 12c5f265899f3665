/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_KEY_TABLE_H
#define DMFD_KEY_TABLE_H

#include "dmfd.h"

/* The most that drivers/md/dm-ioctl.c copies. */
#define DMFD_REQUEST_MAX (1u << 30)

/* A whole DM_TABLE_LOAD request, and where {key} stands in it. */
struct dmfd_keyed_table {
	const struct dm_ioctl *request;
	const struct dmfd_key_place *places;
	uint32_t place_count;
};

/* The text for {key}. */
struct dmfd_key_words {
	const char *reference; /* to a keyring, for crypt targets; NULL: hexadecimal digits of the key for them, too */
	const uint8_t *key;
	uint32_t key_size;
};

/* Bytes that are enough for the request with the key in it; -EMSGSIZE when the kernel would not take so many. */
int64_t dmfd_key_table_room(const struct dmfd_keyed_table *from, const struct dmfd_key_words *words);

/*
 * Writes the request again, with the key at its places. 0, or -EINVAL when the request or a place in it is wrong.
 * *given: which texts were written, enum dmfd_key_given.
 */
int dmfd_key_table(const struct dmfd_keyed_table *from, const struct dmfd_key_words *words, struct dm_ioctl *to,
		   uint32_t *given);

#endif
