/*
 * Replies as the kernel fills them, from its own headers; one line each, a label and the bytes in hexadecimal, for
 * replies.test.ts to decode. Usage of each list as in drivers/md/dm-ioctl.c: an entry, its text, what else belongs to
 * it, and the next entry at a multiple of 8 from the data's start.
 */
#include <linux/dm-ioctl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static _Alignas(8) unsigned char reply[4096];

static struct dm_ioctl *new_reply(void)
{
	struct dm_ioctl *header = (struct dm_ioctl *)(void *)reply;

	memset(reply, 0, sizeof(reply));
	header->version[0] = 4;
	header->version[1] = 47;
	header->version[2] = 1;
	header->data_start = sizeof(*header);
	header->data_size = sizeof(*header);
	return header;
}

static void print(const char *label)
{
	const struct dm_ioctl *header = (const struct dm_ioctl *)(const void *)reply;
	uint32_t i;

	printf("%s ", label);
	for (i = 0; i < header->data_size; i++)
		printf("%02x", reply[i]);
	putchar('\n');
}

/* new_encode_dev() of the kernel. */
static uint64_t encode_dev(uint32_t major, uint32_t minor)
{
	return (minor & 0xff) | (major << 8) | ((uint64_t)(minor & ~0xffu) << 12);
}

static void status(const char *label, uint32_t major, uint32_t minor)
{
	struct dm_ioctl *header = new_reply();

	header->dev = encode_dev(major, minor);
	header->open_count = 2;
	header->target_count = 3;
	header->event_nr = 7;
	header->flags = DM_ACTIVE_PRESENT_FLAG | DM_DEFERRED_REMOVE | DM_READONLY_FLAG;
	memset(header->name, 'n', DM_NAME_LEN - 1);
	memset(header->uuid, 'u', DM_UUID_LEN - 1);
	print(label);
}

static uint32_t aligned(size_t size)
{
	return (uint32_t)((size + 7) / 8 * 8);
}

/* With the event number, flags and UUID that kernels since 5.13 put behind the name. */
static void add_device(struct dm_name_list **last, uint32_t major, uint32_t minor, const char *name, const char *uuid)
{
	struct dm_ioctl *header = (struct dm_ioctl *)(void *)reply;
	size_t tail = aligned(offsetof(struct dm_name_list, name) + strlen(name) + 1);
	struct dm_name_list *entry = (struct dm_name_list *)(void *)(reply + header->data_size);
	uint32_t more[2] = { 9, uuid ? DM_NAME_LIST_FLAG_HAS_UUID : DM_NAME_LIST_FLAG_DOESNT_HAVE_UUID };
	uint32_t size;

	if (*last)
		(*last)->next = (uint32_t)((char *)entry - (char *)*last);
	entry->dev = encode_dev(major, minor);
	strcpy(entry->name, name);
	memcpy((char *)entry + tail, more, sizeof(more));
	if (uuid)
		strcpy((char *)entry + tail + sizeof(more), uuid);
	size = aligned(tail + sizeof(more) + (uuid ? strlen(uuid) + 1 : 0));
	header->data_size += size;
	*last = entry;
}

static void devices(void)
{
	struct dm_name_list *last = NULL;

	new_reply();
	add_device(&last, 254, 0, "a", NULL);
	add_device(&last, 254, 256, "with a blank", "DMFD-1");
	add_device(&last, 4095, 1048575, "Ger\xc3\xa4t", "");
	print("devices");
}

static void no_devices(void)
{
	struct dm_ioctl *header = new_reply();

	/* One entry with number 0 says that there is none. */
	header->data_size += sizeof(struct dm_name_list);
	print("no devices");
}

static void add_version(struct dm_target_versions **last, const char *name, uint32_t major, uint32_t minor,
			uint32_t patch)
{
	struct dm_ioctl *header = (struct dm_ioctl *)(void *)reply;
	struct dm_target_versions *entry = (struct dm_target_versions *)(void *)(reply + header->data_size);

	if (*last)
		(*last)->next = (uint32_t)((char *)entry - (char *)*last);
	entry->version[0] = major;
	entry->version[1] = minor;
	entry->version[2] = patch;
	strcpy(entry->name, name);
	header->data_size += aligned(sizeof(*entry) + strlen(name) + 1);
	*last = entry;
}

static void versions(void)
{
	struct dm_target_versions *last = NULL;

	new_reply();
	add_version(&last, "linear", 1, 4, 0);
	add_version(&last, "snapshot-origin", 1, 9, 0);
	add_version(&last, "crypt", 1, 24, 4294967295u);
	print("versions");
}

static void add_segment(uint64_t start, uint64_t length, const char *type, const char *text)
{
	struct dm_ioctl *header = (struct dm_ioctl *)(void *)reply;
	struct dm_target_spec *entry = (struct dm_target_spec *)(void *)(reply + header->data_size);

	entry->sector_start = start;
	entry->length = length;
	strcpy(entry->target_type, type);
	strcpy((char *)(entry + 1), text);
	header->data_size += aligned(sizeof(*entry) + strlen(text) + 1);
	/* Unlike in a list, from the start of the data. */
	entry->next = header->data_size - header->data_start;
	header->target_count++;
}

static void segments(void)
{
	new_reply();
	add_segment(0, 8, "linear", "");
	add_segment(8, 1ull << 53, "snapshot-origin", "a text");
	add_segment((1ull << 53) + 8, 1, "error", "");
	print("segments");
}

static void dependencies(void)
{
	struct dm_ioctl *header = new_reply();
	struct dm_target_deps *deps = (struct dm_target_deps *)(void *)(reply + header->data_size);

	deps->count = 3;
	deps->dev[0] = encode_dev(254, 5);
	deps->dev[1] = encode_dev(8, 256);
	deps->dev[2] = encode_dev(4095, 1048575);
	header->data_size += (uint32_t)(sizeof(*deps) + 3 * sizeof(deps->dev[0]));
	print("dependencies");
}

static void no_dependencies(void)
{
	struct dm_ioctl *header = new_reply();

	/* Of a device without a table. */
	header->data_size = offsetof(struct dm_ioctl, data);
	print("no dependencies");
}

int main(void)
{
	status("status", 254, 5);
	status("status of a large number", 4095, 1048575);
	devices();
	no_devices();
	versions();
	segments();
	dependencies();
	no_dependencies();
	return 0;
}
