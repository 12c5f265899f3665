/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_KEYRING_H
#define DMFD_KEYRING_H

#include <stddef.h>
#include <stdint.h>

/* A key in the process keyring: no other process can see or name it, and it is destroyed with the process. */
struct dmfd_keyring_key {
	int32_t serial;
	char reference[256]; /* as a crypt table wants it: ":BYTES:logon:dmfd:UUID" */
};

/* Adds the key. 0, or -errno where keyrings are missing (ENOSYS), forbidden or full. */
int dmfd_keyring_add(struct dmfd_keyring_key *entry, const char *uuid, const uint8_t *key, uint32_t size);

void dmfd_keyring_remove(const struct dmfd_keyring_key *entry);

#endif
