/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "table.h"

#include <errno.h>
#include <string.h>

#define PLACE "{key}"
#define PLACE_SIZE (sizeof(PLACE) - 1)
#define ALIGNMENT 8u

int64_t dmfd_key_table_room(const struct dmfd_keyed_table *from, const struct dmfd_key_words *words)
{
	const uint64_t reference = words->reference ? strlen(words->reference) : 0, digits = 2ull * words->key_size;
	const uint64_t longest = reference > digits ? reference : digits;
	const uint64_t room = from->request->data_size + from->place_count * (longest + ALIGNMENT);

	return room > DMFD_REQUEST_MAX ? -EMSGSIZE : (int64_t)room;
}

static char *put_hex(char *to, const uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	/* Digit by digit from the constant: no copy of them stands on the stack. */
	for (i = 0; i < size; i++) {
		*to++ = digits[bytes[i] >> 4];
		*to++ = digits[bytes[i] & 15];
	}
	return to;
}

static char *put_key(char *to, const struct dmfd_key_words *words, int is_crypt, uint32_t *given)
{
	if (is_crypt && words->reference) {
		*given |= DMFD_KEY_IN_KEYRING;
		return mempcpy(to, words->reference, strlen(words->reference));
	}
	*given |= DMFD_KEY_IN_TABLE;
	return put_hex(to, words->key, words->key_size);
}

/* The end of the entry at that offset; 0 when the entry is not within the request or its arguments lack their NUL. */
static size_t end_of_target(const struct dm_ioctl *request, size_t at)
{
	const char *bytes = (const char *)request;
	struct dm_target_spec spec;

	if (request->data_size - at < sizeof(spec))
		return 0;
	memcpy(&spec, bytes + at, sizeof(spec));
	if (spec.next <= sizeof(spec) || spec.next > request->data_size - at || spec.next % ALIGNMENT != 0)
		return 0;
	return bytes[at + spec.next - 1] == '\0' ? at + spec.next : 0;
}

int dmfd_key_table(const struct dmfd_keyed_table *from, const struct dmfd_key_words *words, struct dm_ioctl *to,
		   uint32_t *given)
{
	const char *bytes = (const char *)from->request;
	size_t done = sizeof(*to);
	uint32_t target, i = 0;
	char *at = (char *)to;

	*given = 0;
	if (from->request->data_size < done || from->request->data_start != done)
		return -EINVAL;
	at = mempcpy(at, bytes, done);
	for (target = 0; target < from->request->target_count; target++) {
		const size_t target_at = done, end = end_of_target(from->request, target_at);
		char *const start = at;
		uint32_t next;

		if (!end)
			return -EINVAL;
		done += sizeof(struct dm_target_spec);
		at = mempcpy(at, bytes + target_at, sizeof(struct dm_target_spec));
		for (; i < from->place_count && from->places[i].target_at == target_at; i++) {
			const size_t place = from->places[i].at;

			if (place < done || place > end - PLACE_SIZE || memcmp(bytes + place, PLACE, PLACE_SIZE) != 0)
				return -EINVAL;
			at = mempcpy(at, bytes + done, place - done);
			at = put_key(at, words, from->places[i].is_crypt != 0, given);
			done = place + PLACE_SIZE;
		}
		at = mempcpy(at, bytes + done, end - done);
		while ((size_t)(at - start) % ALIGNMENT != 0)
			*at++ = '\0';
		next = (uint32_t)(at - start);
		memcpy(start + offsetof(struct dm_target_spec, next), &next, sizeof(next));
		done = end;
	}
	to->data_size = (uint32_t)(at - (char *)to);
	return i == from->place_count ? 0 : -EINVAL;
}
