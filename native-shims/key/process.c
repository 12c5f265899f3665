/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "process.h"

#include "close-from.h"
#include "keyring.h"
#include "secret.h"
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* No core dump, and no process of the same user may look into it. 0 or -errno. */
static int hide(void)
{
	const struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0)
		return -errno;
	/* ^C is for dmfd, which then closes its end of the socket. A new process leads no group, which would hinder
	 * this. */
	return setsid() < 0 ? -errno : 0;
}

int dmfd_key_process_begin(int source, int control, int socket)
{
	int kept[DMFD_KEY_OTHERS] = {
		[DMFD_KEY_SOURCE] = source,
		[DMFD_KEY_CONTROL] = control,
		[DMFD_KEY_SOCKET] = socket,
	};
	int fd, error = hide();

	if (error)
		return error;
	for (fd = 0; fd < DMFD_KEY_OTHERS; fd++) {
		/* Out of the way of the three numbers first. */
		kept[fd] = fcntl(kept[fd], F_DUPFD, DMFD_KEY_OTHERS);
		if (kept[fd] < 0)
			return -errno;
	}
	for (fd = 0; fd < DMFD_KEY_OTHERS; fd++)
		if (dup2(kept[fd], fd) < 0)
			return -errno;
	dmfd_close_from(DMFD_KEY_OTHERS);
	return 0;
}

/* Loads the table, with a reference to a keyring where words has one, else with the key itself in it. */
static int load_with(const struct dmfd_keyed_table *table, const struct dmfd_key_words *words, uint32_t *given)
{
	int64_t room = dmfd_key_table_room(table, words);
	struct dm_ioctl *request;
	int error;

	if (room < 0)
		return (int)room;
	request = dmfd_secret_map((size_t)room);
	if (!request)
		return -errno;
	error = dmfd_key_table(table, words, request, given);
	if (!error)
		error = dmfd_ioctl(DMFD_KEY_CONTROL, DM_TABLE_LOAD, request);
	dmfd_secret_unmap(request, (size_t)room);
	return error;
}

static int is_for_want_of_key(int error)
{
	return error == -ENOKEY || error == -EKEYREVOKED || error == -EKEYEXPIRED || error == -EKEYREJECTED;
}

/* With a reference to a keyring if that works, else with the key in the table. */
static void load_table(const struct dmfd_creation *creation, const struct dmfd_keyed_table *table, const uint8_t *key,
		       uint32_t key_size, struct dmfd_key_reply *reply)
{
	struct dmfd_key_words words = { .key = key, .key_size = key_size };
	struct dmfd_keyring_key entry;

	if (creation->keyring_allowed && dmfd_keyring_add(&entry, creation->uuid, key, key_size) == 0) {
		words.reference = entry.reference;
		reply->result = load_with(table, &words, &reply->given);
		dmfd_keyring_remove(&entry);
		if (!is_for_want_of_key(reply->result))
			return;
		words.reference = NULL;
	}
	reply->result = load_with(table, &words, &reply->given);
}

void dmfd_key_process_reply(int socket, const void *reply, size_t size)
{
	send(socket, reply, size, MSG_NOSIGNAL);
}

static _Noreturn void fail(int socket, int error)
{
	const struct dmfd_key_reply reply = { .result = error };

	dmfd_key_process_reply(socket, &reply, sizeof(reply));
	_exit(1);
}

int dmfd_key_process_is_told_to_load(void)
{
	char order = 0;

	return recv(DMFD_KEY_SOCKET, &order, sizeof(order), 0) == sizeof(order) && order == DMFD_KEY_ORDER_LOAD;
}

void dmfd_key_process_end(void *secret, size_t secret_size, const void *reply, size_t size)
{
	/* Before dmfd goes on. */
	dmfd_secret_unmap(secret, secret_size);
	if (reply)
		dmfd_key_process_reply(DMFD_KEY_SOCKET, reply, size);
	_exit(0);
}

void dmfd_key_process(int socket, const void *pointer)
{
	const struct dmfd_key_task *task = pointer;
	const struct dmfd_creation *creation = task->creation;
	const int is_random = creation->key_source == DMFD_KEY_RANDOM;
	struct dmfd_key_reply reply = { 0 };
	uint32_t key_size = creation->key_size;
	uint8_t *key;
	int error;

	error = dmfd_key_process_begin(is_random ? socket : creation->key_fd, creation->control, socket);
	if (error)
		fail(socket, error);
	key = dmfd_secret_map(DMFD_KEY_ROOM);
	if (!key)
		/* EPERM and EAGAIN, too, say only that no more memory may be locked. */
		fail(DMFD_KEY_SOCKET, -ENOMEM);
	reply.result = is_random ? dmfd_key_make(key, key_size) :
				   dmfd_key_read(key, &key_size, DMFD_KEY_SOURCE, DMFD_KEY_SOCKET);
	dmfd_key_process_reply(DMFD_KEY_SOCKET, &reply, sizeof(reply));
	if (reply.result || !dmfd_key_process_is_told_to_load())
		dmfd_key_process_end(key, DMFD_KEY_ROOM, NULL, 0);
	load_table(creation, task->table, key, key_size, &reply);
	dmfd_key_process_end(key, DMFD_KEY_ROOM, &reply, sizeof(reply));
}
