/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls the native shim without Node, compiled together with it under AddressSanitizer and UBSan. Each line says what
 * was tried and what came of it; what the sanitizers find goes to stderr and makes the exit status 99.
 *
 *   shim-driver BACKING-FILE FREE-LOOP-NUMBER
 */
#define _GNU_SOURCE
#include "../../../native-shims/dmfd.h"
#include "../../../native-shims/key/table.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct table {
	struct dm_ioctl header;
	struct dm_target_spec target;
	char params[24];
};

/* A table of one target of 8 sectors; params_size bytes for the arguments. */
static void fill_table(struct dm_ioctl *header, const char *uuid, uint32_t flags, const char *type,
		       uint32_t params_size)
{
	struct dm_target_spec *target = (struct dm_target_spec *)(header + 1);

	memset(header, 0, sizeof(*header) + sizeof(*target) + params_size);
	header->version[0] = 4;
	header->data_size = (uint32_t)(sizeof(*header) + sizeof(*target)) + params_size;
	header->data_start = sizeof(*header);
	header->flags = flags;
	header->target_count = 1;
	snprintf(header->uuid, sizeof(header->uuid), "%s", uuid);
	target->length = 8;
	target->next = (uint32_t)sizeof(*target) + params_size;
	snprintf(target->target_type, sizeof(target->target_type), "%s", type);
}

static struct dmfd_creation describe_creation(int control, const char *name)
{
	struct dmfd_creation creation = { .control = control, .key_fd = -1, .cancel_fd = -1 };

	snprintf(creation.name, sizeof(creation.name), "%s", name);
	snprintf(creation.uuid, sizeof(creation.uuid), "DMFD-driver-%s", name);
	snprintf(creation.scratch, sizeof(creation.scratch), "dmfd-driver-%d", getpid());
	return creation;
}

static int create(int control, const char *name, const char *type, uint32_t mode, int read_only)
{
	struct dmfd_creation creation = describe_creation(control, name);
	struct table table;
	int result;

	creation.mode = mode;
	creation.read_only = (uint32_t)read_only;
	fill_table(&table.header, creation.uuid, read_only ? DM_READONLY_FLAG : 0, type, sizeof(table.params));
	result = dmfd_create(&creation, &table, NULL, NULL);
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

/* One target whose arguments name a key; slip: how far its first place is told wrong. */
static void create_keyed(struct dmfd_creation creation, const char *type, const char *params, uint32_t slip)
{
	const char *name = creation.name;
	const uint32_t target_at = sizeof(struct dm_ioctl), params_at = target_at + sizeof(struct dm_target_spec);
	struct dmfd_key_place places[4];
	_Alignas(8) char request[1024];
	const char *place = params;
	int result;

	fill_table((struct dm_ioctl *)request, creation.uuid, DM_SECURE_DATA_FLAG, type,
		   (uint32_t)((strlen(params) + 8) & ~7ul));
	strcpy(request + params_at, params);
	while ((place = strstr(place, "{key}"))) {
		places[creation.key_place_count++] = (struct dmfd_key_place){
			.target_at = target_at,
			.at = params_at + (uint32_t)(place++ - params),
			.is_crypt = strcmp(type, "crypt") == 0,
		};
	}
	places[0].at += slip;
	creation.keyring_allowed = 1;
	result = dmfd_create(&creation, request, places, NULL);
	printf("key %s %s: %d, failed step %u, given %u\n", name, type, result, creation.failed_step,
	       creation.key_given);
	fflush(stdout);
	if (creation.fd >= 0)
		close(creation.fd);
}

static void create_with_random(int control, const char *name, uint32_t bits, const char *params, uint32_t slip)
{
	struct dmfd_creation creation = describe_creation(control, name);

	creation.key_source = DMFD_KEY_RANDOM;
	creation.key_size = bits / 8;
	create_keyed(creation, "crypt", params, slip);
}

static void create_with_read(int control, const char *name, const char *type, int key_fd, const char *params)
{
	struct dmfd_creation creation = describe_creation(control, name);

	creation.key_source = DMFD_KEY_DESCRIPTOR;
	creation.key_fd = key_fd;
	create_keyed(creation, type, params, 0);
}

/* The key never comes; another process calls the creation off, either beforehand or while it waits. */
static void cancelled(int control, const char *name, useconds_t delay, const char *params)
{
	struct dmfd_creation creation = describe_creation(control, name);
	const uint64_t one = 1;
	int ends[2];
	pid_t other;

	if (pipe(ends) < 0)
		exit(1);
	creation.key_source = DMFD_KEY_DESCRIPTOR;
	creation.key_fd = ends[0];
	creation.cancel_fd = dmfd_cancel_event();
	fflush(stdout);
	other = fork();
	if (other == 0) {
		usleep(delay);
		_exit(write(creation.cancel_fd, &one, sizeof(one)) != sizeof(one));
	}
	if (delay == 0)
		waitpid(other, NULL, 0);
	create_keyed(creation, "crypt", params, 0);
	if (delay != 0)
		waitpid(other, NULL, 0);
	if (waitpid(-1, NULL, __WALL | WNOHANG) != -1 || errno != ECHILD)
		printf("the process for the key is left\n");
	close(creation.cancel_fd);
	close(ends[0]);
	close(ends[1]);
}

/* Two targets, "a{key}" and "{key}{key}"; what becomes of it, and of places that are wrong. */
static void places(void)
{
	enum {
		HEADER = sizeof(struct dm_ioctl),
		SPEC = sizeof(struct dm_target_spec),
		SIZE = SPEC + 16,
		SECOND = HEADER + SIZE
	};
	static const struct {
		const char *label;
		uint32_t count;
		struct dmfd_key_place places[3];
	} rows[] = {
		{ "right",
		  3,
		  { { HEADER, HEADER + SPEC + 1, 1 },
		    { SECOND, SECOND + SPEC, 0 },
		    { SECOND, SECOND + SPEC + 5, 1 } } },
		{ "none", 0, { { 0 } } },
		{ "second only", 1, { { SECOND, SECOND + SPEC + 5, 1 } } },
		{ "descending", 2, { { SECOND, SECOND + SPEC + 5, 1 }, { SECOND, SECOND + SPEC, 1 } } },
		{ "targets descending", 2, { { SECOND, SECOND + SPEC, 1 }, { HEADER, HEADER + SPEC + 1, 1 } } },
		{ "twice", 2, { { SECOND, SECOND + SPEC, 1 }, { SECOND, SECOND + SPEC, 1 } } },
		{ "beside", 1, { { HEADER, HEADER + SPEC, 1 } } },
		{ "in the other target", 1, { { HEADER, SECOND + SPEC, 1 } } },
		{ "in the spec", 1, { { HEADER, HEADER, 1 } } },
		{ "at the end", 1, { { SECOND, SECOND + SIZE - 4, 1 } } },
		{ "beyond", 1, { { SECOND, UINT32_MAX, 1 } } },
		{ "in no target", 1, { { HEADER + 8, HEADER + SPEC + 1, 1 } } },
		{ "target beyond", 1, { { UINT32_MAX, SECOND + SPEC, 1 } } },
	};
	static const uint8_t key[] = { 0x01, 0xfe };
	const struct dmfd_key_words words = { .reference = ":2:logon:dmfd:x", .key = key, .key_size = sizeof(key) };
	struct dm_ioctl *request = calloc(1, HEADER + 2 * SIZE), *to;
	struct dm_target_spec spec = { .next = SIZE };
	struct dmfd_keyed_table table = { .request = request };
	uint32_t given, at;
	int64_t room;
	size_t i;
	int result;

	request->data_size = HEADER + 2 * SIZE;
	request->data_start = HEADER;
	request->target_count = 2;
	memcpy((char *)request + HEADER, &spec, SPEC);
	memcpy((char *)request + SECOND, &spec, SPEC);
	strcpy((char *)request + HEADER + SPEC, "a{key}");
	strcpy((char *)request + SECOND + SPEC, "{key}{key}");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		table.places = rows[i].places;
		table.place_count = rows[i].count;
		room = dmfd_key_table_room(&table, &words);
		to = malloc((size_t)room);
		result = dmfd_key_table(&table, &words, to, &given);
		printf("places %s: %d", rows[i].label, result);
		for (at = HEADER; !result && at < to->data_size; at += spec.next) {
			memcpy(&spec, (char *)to + at, SPEC);
			printf(", %u %s", spec.next, (char *)to + at + SPEC);
		}
		printf("\n");
		free(to);
	}
	spec.next = SIZE + 8;
	memcpy((char *)request + SECOND, &spec, SPEC);
	to = malloc((size_t)dmfd_key_table_room(&table, &words));
	table.place_count = 0;
	printf("places after a target that is too long: %d\n", dmfd_key_table(&table, &words, to, &given));
	table.place_count = UINT32_MAX;
	printf("places without end: %d\n", (int)dmfd_key_table_room(&table, &words));
	free(to);
	free(request);
	fflush(stdout);
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
	create_with_random(control, "random", 512, params, 0);
	create_with_read(control, "piped", "crypt", key_in_pipe(32), params);
	create_with_read(control, "empty", "crypt", key_in_pipe(0), params);
	create_with_read(control, "longest", "linear", key_in_pipe(DMFD_KEY_MAX), "{key}{key} {key");
	create_with_read(control, "longer", "crypt", key_in_pipe(DMFD_KEY_MAX + 1), params);
	create_with_read(control, "closed", "crypt", 999, params);
	create_with_random(control, "refused", 520, params, 0);
	create_with_random(control, "misplaced", 512, params, 1);
	cancelled(control, "cancelled", 0, params);
	cancelled(control, "late", 200000, params);
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
	const int length = dmfd_layout(NULL, 0);
	char *text = malloc((size_t)length + 1), shorter[8] = "xxxxxxx";
	char bytes[64];

	snprintf(bytes, sizeof(bytes), "creation.bytes=%zu\n", sizeof(struct dmfd_creation));
	printf("layout: %s\n", dmfd_layout(text, (uint32_t)length + 1) == length && strlen(text) == (size_t)length &&
					       strstr(text, bytes) ?
				       "ok" :
				       "wrong");
	printf("layout in short: %s\n",
	       dmfd_layout(shorter, 5) == length && memcmp(shorter, "crea\0xx", 8) == 0 ? "ok" : "wrong");
	free(text);
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
	places();
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
