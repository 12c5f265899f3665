/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "table.h"

#include <errno.h>
#include <string.h>

#define PLACE "{key}"
#define PLACE_SIZE (sizeof(PLACE) - 1)
/* What drivers/md/dm-ioctl.c copies at most. */
#define REQUEST_MAX (1u << 30)

/* Counts what it is given, and writes what there is room for. */
struct sink {
	char *bytes;
	size_t room;
	size_t at;
};

static void put(struct sink *sink, const void *bytes, size_t size)
{
	if (sink->bytes && size <= sink->room && sink->at <= sink->room - size)
		memcpy(sink->bytes + sink->at, bytes, size);
	sink->at += size;
}

static void put_hex(struct sink *sink, const uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	/* Digit by digit from the constant: no copy of them stands on the stack. */
	for (i = 0; i < size; i++) {
		put(sink, &digits[bytes[i] >> 4], 1);
		put(sink, &digits[bytes[i] & 15], 1);
	}
}

static void put_key(struct sink *sink, const struct dmfd_key_words *words, int is_crypt, uint32_t *given)
{
	if (is_crypt && words->reference) {
		put(sink, words->reference, strlen(words->reference));
		*given |= DMFD_KEY_IN_KEYRING;
	} else {
		put_hex(sink, words->key, words->key_size);
		*given |= DMFD_KEY_IN_TABLE;
	}
}

/* The text that follows a target, with its NUL, up to the alignment of the next. */
static void put_params(struct sink *sink, const char *params, size_t length, const struct dmfd_key_words *words,
		       int is_crypt, uint32_t *given)
{
	static const char padding[8];
	size_t at = 0;

	while (at < length) {
		const char *place = memmem(params + at, length - at, PLACE, PLACE_SIZE);
		size_t before = place ? (size_t)(place - params) - at : length - at;

		put(sink, params + at, before);
		at += before;
		if (place) {
			put_key(sink, words, is_crypt, given);
			at += PLACE_SIZE;
		}
	}
	put(sink, padding, 8 - sink->at % 8);
}

/* Returns what the old entry takes, or -EINVAL. */
static int64_t put_target(struct sink *sink, const char *entry, size_t left, const struct dmfd_key_words *words,
			  uint32_t *given)
{
	struct dm_target_spec spec;
	size_t start = sink->at, length;
	int is_crypt;

	if (left < sizeof(spec))
		return -EINVAL;
	memcpy(&spec, entry, sizeof(spec));
	if (spec.next <= sizeof(spec) || spec.next > left)
		return -EINVAL;
	length = strnlen(entry + sizeof(spec), spec.next - sizeof(spec));
	if (length == spec.next - sizeof(spec))
		return -EINVAL;
	is_crypt = strncmp(spec.target_type, "crypt", sizeof(spec.target_type)) == 0;
	put(sink, &spec, sizeof(spec));
	put_params(sink, entry + sizeof(spec), length, words, is_crypt, given);
	if (sink->bytes && sink->at <= sink->room) {
		const uint32_t next = (uint32_t)(sink->at - start);

		memcpy(sink->bytes + start + offsetof(struct dm_target_spec, next), &next, sizeof(next));
	}
	return spec.next;
}

int64_t dmfd_key_table(const struct dm_ioctl *from, const struct dmfd_key_words *words, struct dm_ioctl *to,
		       size_t room, uint32_t *given)
{
	struct sink sink = { .bytes = (char *)to, .room = room };
	uint32_t at = from->data_start, target;

	*given = 0;
	if (from->data_start != sizeof(*from) || from->data_size < from->data_start)
		return -EINVAL;
	put(&sink, from, sizeof(*from));
	for (target = 0; target < from->target_count; target++) {
		int64_t taken = put_target(&sink, (const char *)from + at, from->data_size - at, words, given);

		if (taken < 0)
			return taken;
		if (sink.at > REQUEST_MAX)
			return -EMSGSIZE;
		at += (uint32_t)taken;
	}
	if (to && sink.at <= room)
		to->data_size = (uint32_t)sink.at;
	return (int64_t)sink.at;
}
