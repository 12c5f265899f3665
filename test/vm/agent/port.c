#include "port.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "buffer.h"
#include "fail.h"
#include "protocol.h"

struct port {
	int fd;
	struct buffer in;
	struct buffer out;
};

enum { CONGESTED_AT = 1 << 20, READ_SIZE = 64 << 10 };

static int open_named(const char *name);
static bool has_name(const char *device, const char *name);
static void wait_for_host(int fd);
static bool receive(struct port *port, frame_handler *handle);
static bool transmit(struct port *port);
static void dispatch(struct port *port, frame_handler *handle);

struct port *port_open(const char *name)
{
	static struct port port;
	const struct timespec pause = { .tv_nsec = 5 * 1000 * 1000 };

	for (int tries = 0; tries < 2000; tries++) {
		port.fd = open_named(name);
		if (port.fd >= 0) {
			wait_for_host(port.fd);
			return &port;
		}
		nanosleep(&pause, NULL);
	}
	fail("find a virtio-serial port named", name);
}

/* The device's own name depends on what else is on the virtio bus. */
static int open_named(const char *name)
{
	char path[300];
	int fd = -1;
	DIR *ports = opendir("/sys/class/virtio-ports");

	if (!ports)
		return -1;
	for (struct dirent *entry; fd < 0 && (entry = readdir(ports));) {
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		if (has_name(entry->d_name, name))
			fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	}
	closedir(ports);
	return fd;
}

static bool has_name(const char *device, const char *name)
{
	char path[320];
	char found[64] = "";

	snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", device);

	FILE *file = fopen(path, "re");

	if (!file)
		return false;
	if (fgets(found, sizeof(found), file))
		found[strcspn(found, "\n")] = '\0';
	fclose(file);
	return strcmp(found, name) == 0;
}

/* Until the host has connected, the port reads as if it had hung up. */
static void wait_for_host(int fd)
{
	const struct timespec pause = { .tv_nsec = 2 * 1000 * 1000 };

	for (int tries = 0; tries < 5000; tries++) {
		struct pollfd state = { .fd = fd, .events = POLLOUT };

		if (poll(&state, 1, 0) == 1 && (state.revents & POLLOUT) && !(state.revents & POLLHUP))
			return;
		nanosleep(&pause, NULL);
	}
	errno = ENOTCONN;
	fail("wait for", "the host");
}

void port_send(struct port *port, uint32_t command, uint32_t type, const void *payload, size_t length)
{
	struct frame_header header = { .length = (uint32_t)length, .command = command, .type = type };

	buffer_append(&port->out, &header, sizeof(header));
	buffer_append(&port->out, payload, length);
}

bool port_is_congested(const struct port *port)
{
	return buffer_length(&port->out) >= CONGESTED_AT;
}

struct pollfd port_pollfd(const struct port *port)
{
	return (struct pollfd){
		.fd = port->fd,
		.events = (short)(POLLIN | (buffer_length(&port->out) ? POLLOUT : 0)),
	};
}

bool port_service(struct port *port, short revents, frame_handler *handle)
{
	if ((revents & (POLLHUP | POLLERR)) && !(revents & POLLIN))
		return false;
	if ((revents & POLLIN) && !receive(port, handle))
		return false;
	return transmit(port);
}

static bool receive(struct port *port, frame_handler *handle)
{
	ssize_t count = read(port->fd, buffer_room(&port->in, READ_SIZE), READ_SIZE);

	if (count == 0)
		return false;
	if (count < 0)
		return errno == EAGAIN || errno == EINTR;
	buffer_added(&port->in, (size_t)count);
	dispatch(port, handle);
	return true;
}

static void dispatch(struct port *port, frame_handler *handle)
{
	struct frame_header header;

	while (buffer_length(&port->in) >= sizeof(header)) {
		__builtin_memcpy(&header, buffer_data(&port->in), sizeof(header));
		if (header.length > MAX_PAYLOAD) {
			errno = EMSGSIZE;
			fail("read", "a frame");
		}
		if (buffer_length(&port->in) < sizeof(header) + header.length)
			return;
		handle(header.command, header.type, buffer_data(&port->in) + sizeof(header), header.length);
		buffer_consume(&port->in, sizeof(header) + header.length);
	}
}

static bool transmit(struct port *port)
{
	while (buffer_length(&port->out) > 0) {
		ssize_t count = write(port->fd, buffer_data(&port->out), buffer_length(&port->out));

		if (count < 0)
			return errno == EAGAIN || errno == EINTR;
		buffer_consume(&port->out, (size_t)count);
	}
	return true;
}
