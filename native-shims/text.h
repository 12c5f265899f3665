/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_TEXT_H
#define DMFD_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Paths put together where printf is not allowed (it is not async-signal-safe). Always NUL-terminated. */
struct dmfd_text {
	size_t length;
	char bytes[256];
};

void dmfd_append(struct dmfd_text *text, const char *more);
void dmfd_append_number(struct dmfd_text *text, uint64_t number);

/* A decimal number that fills bytes up to a newline or the end; -EINVAL for anything else. */
int dmfd_parse_number(const char *bytes, size_t length, uint64_t *number);

#endif
