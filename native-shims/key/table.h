/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_KEY_TABLE_H
#define DMFD_KEY_TABLE_H

#include "dmfd.h"

/* What {key} becomes. */
struct dmfd_key_words {
	const char *reference; /* to a keyring, for crypt targets; NULL: hexadecimal digits of the key for them, too */
	const uint8_t *key;
	uint32_t key_size;
};

/*
 * Writes the DM_TABLE_LOAD request again, with {key} replaced in every target; to may be NULL, to learn the size.
 * Returns the size of the new request in bytes, or -EINVAL when the request contradicts itself, -EMSGSIZE when it
 * would be larger than the kernel takes. *given says what was written, enum dmfd_key_given.
 */
int64_t dmfd_key_table(const struct dm_ioctl *from, const struct dmfd_key_words *words, struct dm_ioctl *to,
		       size_t room, uint32_t *given);

#endif
