/* The virtio-serial port to the host: frames in, frames out, never blocking. */
#ifndef DMFD_AGENT_PORT_H
#define DMFD_AGENT_PORT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct port;

/* Waits for the port of this name to appear and for the host to be there. Ends the agent if either fails to come. */
struct port *port_open(const char *name);

/* Queues a frame. Frames are never dropped; callers look at port_is_congested() before they read more. */
void port_send(struct port *port, uint32_t command, uint32_t type, const void *payload, size_t length);
bool port_is_congested(const struct port *port);

struct pollfd port_pollfd(const struct port *port);

typedef void frame_handler(uint32_t command, uint32_t type, const unsigned char *payload, size_t length);

/* Reads and writes what it can; every whole frame goes to the handler. Returns false when the host is gone. */
bool port_service(struct port *port, short revents, frame_handler *handle);

#endif
