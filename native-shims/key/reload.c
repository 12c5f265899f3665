/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "reload.h"

#include "device/requests.h"
#include "process.h"
#include "secret.h"
#include "table.h"

#include <errno.h>
#include <unistd.h>

#define FIRST_ROOM (64u * 1024u)

struct reply {
	int32_t result;
	struct dmfd_last_segment last;
};

struct table {
	struct dm_ioctl *request;
	size_t room;
};

/* The kernel wipes its own copy, and after a load ours as well. */
static int read_table(const struct dmfd_resizing *resizing, struct table *table)
{
	for (table->room = FIRST_ROOM; table->room <= DMFD_REQUEST_MAX; table->room *= 4) {
		int error;

		table->request = dmfd_secret_map(table->room);
		if (!table->request)
			return -ENOMEM;
		*table->request = dmfd_resizing_request(resizing);
		table->request->data_size = (uint32_t)table->room;
		table->request->flags = DM_STATUS_TABLE_FLAG | DM_NOFLUSH_FLAG | DM_SECURE_DATA_FLAG;
		error = dmfd_ioctl(DMFD_KEY_CONTROL, DM_TABLE_STATUS, table->request);
		if (!error && !(table->request->flags & DM_BUFFER_FULL_FLAG))
			return 0;
		dmfd_secret_unmap(table->request, table->room);
		if (error)
			return error;
	}
	return -EMSGSIZE;
}

static int make_request(const struct dmfd_resizing *resizing, struct table *table, struct dmfd_last_segment *last)
{
	int error = read_table(resizing, table);

	if (error)
		return error;
	if (table->request->flags & (DM_SUSPEND_FLAG | DM_INACTIVE_PRESENT_FLAG))
		error = -EBUSY;
	else
		error = dmfd_reload_request(table->request, resizing->length, last);
	if (error)
		dmfd_secret_unmap(table->request, table->room);
	return error;
}

static _Noreturn void process(int socket, const void *pointer)
{
	const struct dmfd_resizing *resizing = pointer;
	struct reply reply = { 0 };
	struct table table;

	reply.result = dmfd_key_process_begin(socket, resizing->control, socket);
	if (reply.result) {
		dmfd_key_process_reply(socket, &reply, sizeof(reply));
		_exit(1);
	}
	reply.result = make_request(resizing, &table, &reply.last);
	dmfd_key_process_reply(DMFD_KEY_SOCKET, &reply, sizeof(reply));
	if (reply.result)
		_exit(1);
	if (!dmfd_key_process_is_told_to_load())
		dmfd_key_process_end(table.request, table.room, NULL, 0);
	reply.result = dmfd_ioctl(DMFD_KEY_CONTROL, DM_TABLE_LOAD, table.request);
	dmfd_key_process_end(table.request, table.room, &reply, sizeof(reply));
}

int dmfd_reload_start(struct dmfd_key_client *client, const struct dmfd_resizing *resizing,
		      struct dmfd_last_segment *last)
{
	struct reply reply = { 0 };
	int error = dmfd_key_client_spawn(client, process, resizing);

	if (error)
		return error;
	error = dmfd_key_client_receive(client, &reply, sizeof(reply));
	if (!error)
		error = reply.result;
	*last = reply.last;
	if (error)
		dmfd_key_client_end(client);
	return error;
}

int dmfd_reload(const struct dmfd_key_client *client)
{
	struct reply reply = { 0 };
	int error = dmfd_key_client_order(client);

	if (!error)
		error = dmfd_key_client_receive(client, &reply, sizeof(reply));
	return error ? error : reply.result;
}
