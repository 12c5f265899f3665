/*
 * What native-shims/device/live-table.c makes of replies to DM_TABLE_STATUS, filled as the kernel's retrieve_status()
 * fills them. One line each: a label, the result, where the last segment lies, whether its key is in a keyring, and the
 * bytes in hexadecimal.
 */
#include "device/live-table.c"
#include "text.c"

#include <stdio.h>

static _Alignas(8) unsigned char reply[4096];

static struct dm_ioctl *header(void)
{
	return (struct dm_ioctl *)(void *)reply;
}

static void begin(uint32_t flags)
{
	memset(reply, 0, sizeof(reply));
	header()->version[0] = 4;
	header()->data_start = header()->data_size = sizeof(struct dm_ioctl);
	header()->flags = flags;
	header()->event_nr = 9;
	header()->dev = 0xfe05;
	strcpy(header()->name, "name");
	strcpy(header()->uuid, "uuid");
}

static void add(uint64_t start, uint64_t length, const char *type, const char *arguments)
{
	/* The size ends with the text; the next entry, and the last one's next, are aligned. */
	uint32_t at = (header()->data_size + 7) / 8 * 8,
		 size = (uint32_t)(sizeof(struct dm_target_spec) + strlen(arguments) + 1);
	struct dm_target_spec *spec = (struct dm_target_spec *)(void *)(reply + at);

	spec->sector_start = start;
	spec->length = length;
	strcpy(spec->target_type, type);
	strcpy((char *)(spec + 1), arguments);
	spec->next = at - header()->data_start + (size + 7) / 8 * 8;
	header()->data_size = at + size;
	header()->target_count++;
}

static void print(const char *label, uint64_t length)
{
	struct dmfd_last_segment last = { 0 };
	uint32_t size = header()->data_size, i;
	int error = dmfd_reload_request(header(), length, &last);

	printf("%s|%d|%u:%u|%llu|%d|", label, error, last.major, last.minor, (unsigned long long)last.start,
	       last.key_in_keyring);
	for (i = 0; !error && i < size; i++)
		printf("%02x", reply[i]);
	putchar('\n');
}

static void two_segments(void)
{
	begin(DM_READONLY_FLAG | DM_ACTIVE_PRESENT_FLAG | DM_DEFERRED_REMOVE | DM_STATUS_TABLE_FLAG);
	add(0, 8, "zero", "");
	add(8, 100, "linear", "7:1048575 1000");
}

static void crypt(const char *key)
{
	char arguments[256];

	snprintf(arguments, sizeof(arguments), "aes-xts-plain64 %s 0 254:3 4096 1 allow_discards", key);
	begin(DM_ACTIVE_PRESENT_FLAG);
	add(0, 64, "crypt", arguments);
}

static void one(const char *label, const char *type, const char *arguments)
{
	begin(0);
	add(0, 8, type, arguments);
	print(label, 0);
}

int main(void)
{
	uint32_t cut, whole;

	two_segments();
	print("longer", 1ull << 40);
	two_segments();
	print("looked at", 0);
	crypt("00112233");
	print("crypt", 128);
	crypt(":64:logon:dmfd:x");
	print("keyring", 128);
	begin(0);
	print("nothing", 8);
	one("striped", "striped", "2 8 7:0 0 7:1 0");
	one("no number", "linear", "/dev/sda 0");
	one("no start", "linear", "7:0");
	one("no device", "crypt", "aes 00 0");
	one("a number too large", "linear", "7:4294967296 0");
	two_segments();
	whole = header()->data_size;
	for (cut = header()->data_start; cut < whole; cut++) {
		two_segments();
		header()->data_size = cut;
		print("cut", 8);
	}
	two_segments();
	((struct dm_target_spec *)(void *)(reply + header()->data_start))->next = 8;
	print("backwards", 8);
	return 0;
}
