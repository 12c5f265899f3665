/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <errno.h>

void dmfd_append(struct dmfd_text *text, const char *more)
{
	while (*more && text->length < sizeof(text->bytes) - 1)
		text->bytes[text->length++] = *more++;
	text->bytes[text->length] = '\0';
}

void dmfd_append_number(struct dmfd_text *text, uint64_t number)
{
	char digits[21];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	dmfd_append(text, digits + at);
}

int dmfd_parse_number(const char *bytes, size_t length, uint64_t *number)
{
	uint64_t value = 0;
	size_t at;

	for (at = 0; at < length && bytes[at] != '\n'; at++) {
		uint64_t digit = (uint64_t)(bytes[at] - '0');

		if (bytes[at] < '0' || bytes[at] > '9' || value > (UINT64_MAX - digit) / 10)
			return -EINVAL;
		value = value * 10 + digit;
	}
	if (at == 0)
		return -EINVAL;
	*number = value;
	return 0;
}
