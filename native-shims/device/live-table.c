/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "live-table.h"

#include "text.h"

#include <errno.h>
#include <string.h>

/* The word with that number, from 0, of a target's arguments; its length in *length, 0 when there is none. */
static const char *word(const char *text, unsigned int number, size_t *length)
{
	text += strspn(text, " ");
	for (; number > 0; number--) {
		text += strcspn(text, " ");
		text += strspn(text, " ");
	}
	*length = strcspn(text, " ");
	return text;
}

static int parse_device(const char *text, size_t length, struct dmfd_last_segment *last)
{
	const char *colon = memchr(text, ':', length);
	uint64_t major, minor;

	if (!colon || dmfd_parse_number(text, (size_t)(colon - text), &major) ||
	    dmfd_parse_number(colon + 1, length - (size_t)(colon - text) - 1, &minor) || major > UINT32_MAX ||
	    minor > UINT32_MAX)
		return -EBADMSG;
	last->major = (uint32_t)major;
	last->minor = (uint32_t)minor;
	return 0;
}

/* linear: DEVICE START; crypt: CIPHER KEY IV_OFFSET DEVICE START ... */
static int parse_last(const struct dm_target_spec *spec, const char *arguments, struct dmfd_last_segment *last)
{
	const int is_crypt = strcmp(spec->target_type, "crypt") == 0;
	const unsigned int device = is_crypt ? 3 : 0;
	const char *at;
	size_t length;

	if (!is_crypt && strcmp(spec->target_type, "linear") != 0)
		return -EOPNOTSUPP;
	last->key_in_keyring = 0;
	if (is_crypt)
		last->key_in_keyring = *word(arguments, 1, &length) == ':';
	at = word(arguments, device, &length);
	if (parse_device(at, length, last))
		return -EBADMSG;
	at = word(arguments, device + 1, &length);
	return dmfd_parse_number(at, length, &last->start) ? -EBADMSG : 0;
}

/* The device is named by its number alone, as a request must. */
static void make_header(struct dm_ioctl *table)
{
	table->flags = (table->flags & DM_READONLY_FLAG) | DM_SECURE_DATA_FLAG;
	table->event_nr = 0;
	memset(table->name, 0, sizeof(table->name));
	memset(table->uuid, 0, sizeof(table->uuid));
}

int dmfd_reload_request(struct dm_ioctl *table, uint64_t length, struct dmfd_last_segment *last)
{
	char *const data = (char *)table + table->data_start;
	const size_t size = table->data_size - table->data_start;
	struct dm_target_spec spec;
	size_t at = 0, end;
	uint32_t i;

	if (table->data_start < sizeof(*table) || table->data_size < table->data_start)
		return -EBADMSG;
	if (table->target_count == 0)
		return -ENODATA;
	for (i = 0; i < table->target_count; i++) {
		if (at > size || size - at <= sizeof(spec))
			return -EBADMSG;
		memcpy(&spec, data + at, sizeof(spec));
		/* The kernel counts from the start of the data here, and aligns the end of the last one beyond it. */
		end = spec.next < size ? spec.next : size;
		if (end <= at + sizeof(spec) || !memchr(data + at + sizeof(spec), '\0', end - at - sizeof(spec)))
			return -EBADMSG;
		spec.next -= (uint32_t)at;
		spec.status = 0;
		spec.target_type[sizeof(spec.target_type) - 1] = '\0';
		if (i == table->target_count - 1) {
			int error = parse_last(&spec, data + at + sizeof(spec), last);

			if (error)
				return error;
			if (length)
				spec.length = length;
		}
		memcpy(data + at, &spec, sizeof(spec));
		at += spec.next;
	}
	make_header(table);
	return 0;
}
