#include "buffer.h"

#include <stdlib.h>
#include <string.h>

size_t buffer_length(const struct buffer *buffer)
{
	return buffer->end - buffer->start;
}

const unsigned char *buffer_data(const struct buffer *buffer)
{
	return buffer->bytes + buffer->start;
}

unsigned char *buffer_room(struct buffer *buffer, size_t length)
{
	if (buffer->start > 0 && buffer->capacity - buffer->end < length) {
		memmove(buffer->bytes, buffer->bytes + buffer->start, buffer_length(buffer));
		buffer->end -= buffer->start;
		buffer->start = 0;
	}
	if (buffer->capacity - buffer->end < length) {
		size_t capacity = (buffer->end + length) * 2;
		unsigned char *bytes = realloc(buffer->bytes, capacity);

		if (!bytes)
			abort();
		buffer->bytes = bytes;
		buffer->capacity = capacity;
	}
	return buffer->bytes + buffer->end;
}

void buffer_added(struct buffer *buffer, size_t length)
{
	buffer->end += length;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
	if (length == 0)
		return;
	memcpy(buffer_room(buffer, length), bytes, length);
	buffer_added(buffer, length);
}

void buffer_consume(struct buffer *buffer, size_t length)
{
	buffer->start += length;
	if (buffer->start == buffer->end)
		buffer->start = buffer->end = 0;
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct buffer){ 0 };
}
