/*
 * Sample requests, built from the kernel's own headers the way a C program would build them; one line each, a label
 * and the bytes in hexadecimal. requests.test.ts compares them with what the TypeScript encoders make.
 */
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The udev flags that libdevmapper's header has. */
enum {
	NO_DM_RULES = 0x0001,
	NO_SUBSYSTEM_RULES = 0x0002,
	NO_DISK_RULES = 0x0004,
	NO_OTHER_RULES = 0x0008,
	PRIMARY_SOURCE = 0x0040
};

struct target {
	uint64_t start;
	uint64_t length;
	const char *type;
	const char *params;
};

static struct dm_ioctl *new_request(size_t data_size)
{
	struct dm_ioctl *request = calloc(1, sizeof(*request) + data_size);

	if (!request)
		abort();
	request->version[0] = DM_VERSION_MAJOR;
	request->data_size = (uint32_t)(sizeof(*request) + data_size);
	request->data_start = sizeof(*request);
	return request;
}

static void print(const char *label, const void *bytes, size_t size)
{
	const unsigned char *byte = bytes;
	size_t i;

	printf("%s ", label);
	for (i = 0; i < size; i++)
		printf("%02x", byte[i]);
	putchar('\n');
}

static void print_request(const char *label, struct dm_ioctl *request)
{
	print(label, request, request->data_size);
	free(request);
}

static size_t target_size(const struct target *target)
{
	return (sizeof(struct dm_target_spec) + strlen(target->params) + 1 + 7) / 8 * 8;
}

static void load(const char *label, const struct target *targets, uint32_t count)
{
	size_t size = 0;
	struct dm_ioctl *request;
	char *at;
	uint32_t i;

	for (i = 0; i < count; i++)
		size += target_size(&targets[i]);
	request = new_request(size);
	strcpy(request->uuid, "DMFD-1");
	request->target_count = count;
	at = (char *)request + request->data_start;
	for (i = 0; i < count; i++) {
		struct dm_target_spec *spec = (struct dm_target_spec *)(void *)at;

		spec->sector_start = targets[i].start;
		spec->length = targets[i].length;
		strcpy(spec->target_type, targets[i].type);
		strcpy((char *)(spec + 1), targets[i].params);
		spec->next = (uint32_t)target_size(&targets[i]);
		at += spec->next;
	}
	print_request(label, request);
}

static void loads(void)
{
	static const struct target several[] = {
		{ 0, 8, "linear", "7:0 0" },
		{ 8, 18014398509481975ull, "snapshot-origin", "/dev/dm-5" },
	};
	static const struct target odd[] = { { 0, 1, "delay", "/dev/mapper/Ger\xc3\xa4t  \"quoted\" {} \\ 5" } };

	load("load several", several, 2);
	load("load odd", odd, 1);
}

static void by_uuid(void)
{
	struct dm_ioctl *request = new_request(0);

	strcpy(request->uuid, "DMFD-1");
	print_request("status", request);
}

static void remove_deferred(const char *label, uint32_t udev_flags)
{
	struct dm_ioctl *request = new_request(0);

	strcpy(request->uuid, "DMFD-1");
	request->flags = DM_DEFERRED_REMOVE;
	request->event_nr = udev_flags << 16;
	print_request(label, request);
}

static void removals(void)
{
	const uint32_t name_only = PRIMARY_SOURCE | NO_SUBSYSTEM_RULES | NO_DISK_RULES | NO_OTHER_RULES;

	remove_deferred("remove deferred, quiet", name_only | NO_DM_RULES);
	remove_deferred("remove deferred, full", PRIMARY_SOURCE);
	remove_deferred("remove deferred, none", 0);
	remove_deferred("remove deferred, name-only", name_only);
}

static void message(void)
{
	static const char text[] = "create_thin 0";
	struct dm_ioctl *request = new_request(sizeof(struct dm_target_msg) + sizeof(text));
	struct dm_target_msg *told = (void *)(request + 1);

	/* As the kernel's huge_encode_dev() has it: 254:300. */
	request->dev = (300 & 0xff) | 254u << 8 | (300ull & ~0xffull) << 12;
	told->sector = 1ull << 40;
	strcpy(told->message, text);
	print_request("message", request);
}

static void loop(const char *label, uint32_t fd, uint32_t flags, const char *name)
{
	struct loop_config config;

	memset(&config, 0, sizeof(config));
	config.fd = fd;
	config.info.lo_flags = flags;
	strncpy((char *)config.info.lo_file_name, name, LO_NAME_SIZE - 1);
	print(label, &config, sizeof(config));
}

int main(void)
{
	loads();
	by_uuid();
	removals();
	print_request("list", new_request(64));
	message();
	loop("loop", 21, LO_FLAGS_AUTOCLEAR, "dmfd:/disk.img");
	loop("loop read-only", 21, LO_FLAGS_AUTOCLEAR | LO_FLAGS_READ_ONLY,
	     "dmfd:/0123456789012345678901234567890123456789012345678901234567890123456789.img");
	return 0;
}
