/* A byte queue that grows. Running out of memory ends the agent, and with it the guest. */
#ifndef DMFD_AGENT_BUFFER_H
#define DMFD_AGENT_BUFFER_H

#include <stddef.h>

struct buffer {
	unsigned char *bytes;
	size_t start; /* of what is still queued */
	size_t end;
	size_t capacity;
};

size_t buffer_length(const struct buffer *buffer);
const unsigned char *buffer_data(const struct buffer *buffer);

/* Returns room for `length` bytes at the end; buffer_added() makes them part of the queue. */
unsigned char *buffer_room(struct buffer *buffer, size_t length);
void buffer_added(struct buffer *buffer, size_t length);
void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_consume(struct buffer *buffer, size_t length);
void buffer_free(struct buffer *buffer);

#endif
