/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "keyring.h"

#include "text.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Replaces characters that separate or quote words in a table line. */
static char harmless(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ? c : '_';
}

int dmfd_keyring_add(struct dmfd_keyring_key *entry, const char *uuid, const uint8_t *key, uint32_t size)
{
	struct dmfd_text text = { .length = 0 };
	const char *description;
	long serial;

	dmfd_append(&text, ":");
	dmfd_append_number(&text, size);
	dmfd_append(&text, ":logon:");
	description = text.bytes + text.length;
	dmfd_append(&text, "dmfd:");
	for (; *uuid; uuid++)
		dmfd_append(&text, (const char[]){ harmless(*uuid), '\0' });
	/* The kernel never gives a key of this type back to any program. */
	serial = syscall(SYS_add_key, "logon", description, key, (size_t)size, KEY_SPEC_PROCESS_KEYRING);
	if (serial < 0)
		return -errno;
	entry->serial = (int32_t)serial;
	memcpy(entry->reference, text.bytes, sizeof(entry->reference));
	return 0;
}

/* Revokes it first: then the kernel wipes it at once, not when its garbage collector runs. */
void dmfd_keyring_remove(const struct dmfd_keyring_key *entry)
{
	syscall(SYS_keyctl, (long)KEYCTL_REVOKE, (long)entry->serial, 0L, 0L, 0L);
	syscall(SYS_keyctl, (long)KEYCTL_UNLINK, (long)entry->serial, (long)KEY_SPEC_PROCESS_KEYRING, 0L, 0L);
}
