/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "child.h"

#include "memory.h"
#include "source.h"
#include "table.h"
#include "keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* No core dump, and no process of the same user may look into it. */
static void hide(void)
{
	const struct rlimit none = { 0, 0 };

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
	/* ^C is for dmfd, which then leaves the socket. */
	setsid();
}

static void close_between(int first, int last)
{
	if (first <= last)
		syscall(SYS_close_range, (unsigned int)first, (unsigned int)last, 0);
}

/* All but three; above all dmfd's own end of the socket, whose end of file is what ends this process. */
static void close_others(int one, int two, int three)
{
	int kept[] = { one, two, three };
	int from = 0, i, j;

	for (i = 0; i < 3; i++)
		for (j = i + 1; j < 3; j++)
			if (kept[j] < kept[i]) {
				int other = kept[i];

				kept[i] = kept[j];
				kept[j] = other;
			}
	for (i = 0; i < 3; i++) {
		close_between(from, kept[i] - 1);
		if (kept[i] >= from)
			from = kept[i] + 1;
	}
	close_between(from, INT32_MAX);
}

/* Before Linux 5.9, one by one. */
static void close_others_slowly(int one, int two, int three)
{
	const int limit = (int)sysconf(_SC_OPEN_MAX);
	int fd;

	for (fd = 0; fd < limit; fd++)
		if (fd != one && fd != two && fd != three)
			close(fd);
}

static void leave_descriptors(int control, int socket, int key)
{
	/* Closes nothing, and tells whether the call exists. */
	if (syscall(SYS_close_range, (unsigned int)INT32_MAX, (unsigned int)INT32_MAX, 0) < 0 && errno == ENOSYS)
		close_others_slowly(control, socket, key);
	else
		close_others(control, socket, key);
}

static int load(int control, struct dm_ioctl *request)
{
	return dmfd_ioctl(control, DM_TABLE_LOAD, request);
}

/* The table as it is to be loaded; with the key itself in it when words has no reference to a keyring. */
static int load_with(int control, const struct dm_ioctl *table, const struct dmfd_key_words *words, uint32_t *given)
{
	int64_t size = dmfd_key_table(table, words, NULL, 0, given);
	struct dm_ioctl *request;
	int error;

	if (size < 0)
		return (int)size;
	request = dmfd_secret_map((size_t)size);
	if (!request)
		return -errno;
	dmfd_key_table(table, words, request, (size_t)size, given);
	error = load(control, request);
	dmfd_secret_unmap(request, (size_t)size);
	return error;
}

static int is_for_want_of_key(int error)
{
	return error == -ENOKEY || error == -EKEYREVOKED || error == -EKEYEXPIRED || error == -EKEYREJECTED;
}

static void load_table(const struct dmfd_creation *creation, const struct dm_ioctl *table, const uint8_t *key,
		       struct dmfd_key_reply *reply)
{
	struct dmfd_key_words words = { .key = key, .key_size = reply->key_size };
	struct dmfd_keyring_key entry;

	reply->keyring_error = -EOPNOTSUPP;
	if (creation->keyring_allowed) {
		reply->keyring_error = dmfd_keyring_add(&entry, creation->status.uuid, key, reply->key_size);
		if (!reply->keyring_error) {
			words.reference = entry.reference;
			reply->result = load_with(creation->control, table, &words, &reply->given);
			dmfd_keyring_remove(&entry);
			if (!is_for_want_of_key(reply->result))
				return;
			reply->keyring_error = reply->result;
			words.reference = NULL;
		}
	}
	reply->result = load_with(creation->control, table, &words, &reply->given);
}

static int is_told_to_load(int socket)
{
	char order = 0;

	return recv(socket, &order, sizeof(order), 0) == sizeof(order) && order == DMFD_KEY_ORDER_LOAD;
}

void dmfd_key_child(int socket, const struct dmfd_creation *creation, const struct dm_ioctl *table)
{
	const int key_fd = creation->key_source == DMFD_KEY_DESCRIPTOR ? creation->key_fd : socket;
	struct dmfd_key_reply reply = { .result = 0 };
	uint8_t *key;

	hide();
	leave_descriptors(creation->control, socket, key_fd);
	key = dmfd_secret_map(DMFD_KEY_ROOM);
	if (!key) {
		/* EPERM and EAGAIN, too, say only that no more memory may be locked. */
		reply.result = -ENOMEM;
		send(socket, &reply, sizeof(reply), MSG_NOSIGNAL);
		_exit(1);
	}
	reply.key_size = creation->key_size;
	reply.result = creation->key_source == DMFD_KEY_RANDOM ?
			       dmfd_key_make(key, reply.key_size) :
			       dmfd_key_read(key, &reply.key_size, key_fd, socket);
	send(socket, &reply, sizeof(reply), MSG_NOSIGNAL);
	if (!reply.result && is_told_to_load(socket)) {
		load_table(creation, table, key, &reply);
		dmfd_secret_unmap(key, DMFD_KEY_ROOM);
		send(socket, &reply, sizeof(reply), MSG_NOSIGNAL);
		_exit(0);
	}
	dmfd_secret_unmap(key, DMFD_KEY_ROOM);
	_exit(0);
}
