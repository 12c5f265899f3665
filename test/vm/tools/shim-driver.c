/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls the native shim without Node, compiled together with it under AddressSanitizer and UBSan. Each line says what
 * was tried and what came of it; what the sanitizers find goes to stderr and makes the exit status 99.
 *
 *   shim-driver BACKING-FILE FREE-LOOP-NUMBER
 */
#define _GNU_SOURCE
#include "../../../native-shims/dmfd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct table {
	struct dm_ioctl header;
	struct dm_target_spec target;
	char params[24];
};

static void fill(struct dm_ioctl *request, const char *name, const char *uuid, uint32_t flags)
{
	memset(request, 0, sizeof(*request));
	request->version[0] = 4;
	request->data_size = sizeof(*request);
	request->data_start = sizeof(*request);
	request->flags = flags;
	snprintf(request->name, sizeof(request->name), "%s", name);
	snprintf(request->uuid, sizeof(request->uuid), "%s", uuid);
}

static int create(int control, const char *name, const char *type, uint32_t mode, int read_only)
{
	static struct dmfd_creation creation;
	struct table table;
	char uuid[64];
	int result;

	snprintf(uuid, sizeof(uuid), "DMFD-driver-%s", name);
	memset(&creation, 0, sizeof(creation));
	creation.control = control;
	creation.mode = mode;
	creation.read_only = (uint32_t)read_only;
	snprintf(creation.scratch, sizeof(creation.scratch), "dmfd-driver-%d", getpid());
	fill(&creation.create, name, uuid, 0);
	fill(&creation.status, "", uuid, 0);
	fill(&creation.remove, "", uuid, DM_DEFERRED_REMOVE);
	fill(&creation.resume, "", uuid, 0);
	fill(&table.header, "", uuid, read_only ? DM_READONLY_FLAG : 0);
	table.header.data_size = sizeof(table);
	table.header.target_count = 1;
	memset(&table.target, 0, sizeof(table.target));
	table.target.length = 8;
	table.target.next = sizeof(table.target) + sizeof(table.params);
	snprintf(table.target.target_type, sizeof(table.target.target_type), "%s", type);
	memset(table.params, 0, sizeof(table.params));
	result = dmfd_create(&creation, &table);
	printf("create %s %s: %d, failed step %u, size %llu\n", name, type, result, creation.failed_step,
	       (unsigned long long)creation.size);
	fflush(stdout);
	return creation.fd;
}

static struct dmfd_command describe(uint32_t argc, uint32_t envc, int length, uint32_t descriptors)
{
	return (struct dmfd_command){
		/* SIGHUP ignored, SIGUSR1 blocked. */
		.caller = { .known = 1,
			    .ignored = 1,
			    .blocked = 1u << 9,
			    .soft_descriptors = 100,
			    .hard_descriptors = 100 },
		.argc = argc,
		.envc = envc,
		.strings_size = (uint32_t)length,
		.descriptor_count = descriptors,
	};
}

/* The standard streams stay ours: dmfd_start() would let go of them. The device goes under two numbers, crosswise. */
static void run(int fd, const char *file, int target)
{
	char strings[256];
	int length = snprintf(strings, sizeof(strings), "%s%c%s%c%s%c%s%cA=b%cLISTEN_PID=          ", file, 0, "sh", 0,
			      "-c", 0, "exit $((3 + ($LISTEN_PID != $$)))", 0, 0) +
		     1;
	struct dmfd_command command = describe(3, 2, length, 2);
	struct dmfd_descriptor descriptors[] = { { fd, target }, { dup(fd), fd } };
	int pid, result;

	command.pid_at = (uint32_t)length - DMFD_PID_ROOM;
	pid = dmfd_start(&command, strings, descriptors);
	result = pid < 0 ? pid : dmfd_wait(&command, pid);
	printf("run %s: %d, exit code %d, signal %d\n", file, result, result ? 0 : command.exit_code, command.signal);
	fflush(stdout);
	if (result < 0) {
		close(fd);
		close(descriptors[1].source);
	}
}

static void wrong_commands(int fd)
{
	char strings[] = "a\0b";
	struct dmfd_command command = describe(5, 5, 4, 0);
	struct dmfd_descriptor three[] = { { fd, 50 }, { fd, 51 }, { fd, 52 } };

	printf("start with too few strings: %d\n", dmfd_start(&command, strings, NULL));
	printf("exec with too few strings: %d\n", dmfd_exec(&command, strings, NULL));
	command = describe(0, 0, 4, 0);
	command.pid_at = 3;
	printf("start without room for a pid: %d\n", dmfd_start(&command, strings, NULL));
	command = describe(0, 0, 4, 3);
	printf("exec with more moves than there may be: %d\n", dmfd_exec(&command, strings, three));
	fflush(stdout);
	close(fd);
}

/* One target whose arguments name a key. */
static void create_keyed(int control, const char *name, const char *type, uint32_t source, uint32_t bits, int key_fd,
			 const char *params)
{
	static struct dmfd_creation creation;
	_Alignas(8) char request[1024];
	struct dm_ioctl *header = (struct dm_ioctl *)request;
	struct dm_target_spec *target = (struct dm_target_spec *)(header + 1);
	char uuid[64];
	int result;

	snprintf(uuid, sizeof(uuid), "DMFD-driver-%s", name);
	memset(&creation, 0, sizeof(creation));
	memset(request, 0, sizeof(request));
	creation.control = control;
	creation.key_source = source;
	creation.key_size = bits / 8;
	creation.key_fd = key_fd;
	creation.keyring_allowed = 1;
	snprintf(creation.scratch, sizeof(creation.scratch), "dmfd-driver-%d", getpid());
	fill(&creation.create, name, uuid, 0);
	fill(&creation.status, "", uuid, 0);
	fill(&creation.remove, "", uuid, DM_DEFERRED_REMOVE);
	fill(&creation.resume, "", uuid, 0);
	fill(header, "", uuid, DM_SECURE_DATA_FLAG);
	header->target_count = 1;
	target->length = 8;
	target->next = (uint32_t)((sizeof(*target) + strlen(params) + 8) & ~7ul);
	header->data_size = (uint32_t)sizeof(*header) + target->next;
	snprintf(target->target_type, sizeof(target->target_type), "%s", type);
	strcpy((char *)(target + 1), params);
	result = dmfd_create(&creation, request);
	printf("key %s %s: %d, failed step %u, %u bytes, given %u\n", name, type, result, creation.failed_step,
	       creation.key_size, creation.key_given);
	fflush(stdout);
	if (creation.fd >= 0)
		close(creation.fd);
}

static int key_in_pipe(size_t size)
{
	static char bytes[8192];
	int ends[2];

	memset(bytes, 'k', sizeof(bytes));
	if (pipe(ends) < 0 || write(ends[1], bytes, size) != (ssize_t)size)
		return -1;
	close(ends[1]);
	return ends[0];
}

static void keys(int control, const char *loop)
{
	char params[256];

	snprintf(params, sizeof(params), "aes-xts-plain64 {key} 0 %s 0", loop);
	create_keyed(control, "random", "crypt", DMFD_KEY_RANDOM, 512, -1, params);
	create_keyed(control, "piped", "crypt", DMFD_KEY_DESCRIPTOR, 0, key_in_pipe(32), params);
	create_keyed(control, "empty", "crypt", DMFD_KEY_DESCRIPTOR, 0, key_in_pipe(0), params);
	create_keyed(control, "longest", "linear", DMFD_KEY_DESCRIPTOR, 0, key_in_pipe(DMFD_KEY_MAX),
		     "{key}{key} {key");
	create_keyed(control, "longer", "crypt", DMFD_KEY_DESCRIPTOR, 0, key_in_pipe(DMFD_KEY_MAX + 1), params);
	create_keyed(control, "closed", "crypt", DMFD_KEY_DESCRIPTOR, 0, 999, params);
	create_keyed(control, "refused", "crypt", DMFD_KEY_RANDOM, 520, -1, params);
}

static void attach_loop(int control, const char *file, const char *number)
{
	char path[32];
	struct loop_info64 info = { .lo_flags = LO_FLAGS_AUTOCLEAR };
	int backing = open(file, O_RDWR | O_CLOEXEC);
	int loop, first;

	snprintf(path, sizeof(path), "/dev/loop%s", number);
	loop = open(path, O_RDWR | O_CLOEXEC);
	first = dmfd_loop_set_fd(loop, backing, &info);
	printf("loop: %d, again: %d\n", first, dmfd_loop_set_fd(loop, backing, &info));
	fflush(stdout);
	keys(control, path);
	close(loop);
	close(backing);
}

static void layout(void)
{
	uint32_t numbers[3] = { 0, 0, 77 };
	int count = dmfd_layout(numbers, 2);

	printf("layout: %s\n",
	       count > 2 && numbers[0] == sizeof(struct dmfd_creation) && numbers[2] == 77 ? "ok" : "wrong");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int control, fd, log;
	struct dmfd_command command;
	struct dmfd_descriptor all[4];
	char strings[] = "/bin/echo\0echo\0end";

	if (argc != 3)
		return 1;
	control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	layout();
	run(create(control, "plain", "zero", DMFD_FALLBACK, 0), "/bin/sh", 3);
	run(create(control, "readonly", "zero", DMFD_AUTO, 1), "/bin/sh", 9);
	run(create(control, "noexec", "error", DMFD_AUTO, 0), "/nonexistent", 3);
	create(control, "badtype", "nosuchtarget", DMFD_AUTO, 0);
	create(-1, "badcontrol", "zero", DMFD_AUTO, 0);
	fd = create(control, "twice", "zero", DMFD_AUTO, 0);
	create(control, "twice", "zero", DMFD_FALLBACK, 0);
	wrong_commands(fd);
	attach_loop(control, argv[1], argv[2]);
	log = dmfd_open_kernel_log();
	printf("log: %s\n", log >= 0 ? "ok" : "failed");
	fflush(stdout);
	close(log);
	fd = create(control, "became", "zero", DMFD_AUTO, 0);
	command = describe(2, 0, sizeof(strings), 4);
	all[0] = (struct dmfd_descriptor){ 0, 0 };
	all[1] = (struct dmfd_descriptor){ 1, 1 };
	all[2] = (struct dmfd_descriptor){ fd, 5 };
	all[3] = (struct dmfd_descriptor){ control, DMFD_NOT_PASSED };
	return dmfd_exec(&command, strings, all) ? 1 : 0;
}
