/*
 * The requests that native-shims/device/requests.c makes of a creation, compared with bytes put together by hand from
 * the offsets of the user API. One line each: "ok NAME" or "wrong NAME".
 */
#include "device/identity.c"
#include "device/requests.c"
#include "ioctl.c"
#include "text.c"

#include <stdio.h>

/* The offsets, as documented for struct dm_ioctl; all numbers in the machine's own order. */
enum {
	VERSION = 0,
	DATA_SIZE = 12,
	DATA_START = 16,
	FLAGS = 28,
	EVENT_NR = 32,
	DEV = 40,
	NAME = 48,
	UUID = 176,
	SIZE = 312
};

#define READONLY 0x1u
#define DEFERRED_REMOVE 0x20000u
#define UDEV_EVENT 0x004e0000u

static unsigned char expected[SIZE];

static void put(int at, uint32_t number)
{
	memcpy(expected + at, &number, sizeof(number));
}

/* What all of them have. */
static void expect_by_uuid(const char *uuid)
{
	memset(expected, 0, sizeof(expected));
	put(VERSION, 4);
	put(DATA_SIZE, SIZE);
	put(DATA_START, SIZE);
	memcpy(expected + UUID, uuid, strlen(uuid));
}

static void compare(const char *name, struct dm_ioctl request)
{
	printf("%s %s\n", sizeof(request) == SIZE && memcmp(&request, expected, SIZE) == 0 ? "ok" : "wrong", name);
}

static struct dmfd_creation creation(const char *name, const char *uuid, uint32_t read_only)
{
	/* What is not asked for is not to get into a request. */
	struct dmfd_creation creation = {
		.control = 7,
		.mode = DMFD_ATOMIC,
		.read_only = read_only,
		.udev_event = UDEV_EVENT,
		.scratch = "scratch",
		.key_source = DMFD_KEY_RANDOM,
		.key_size = 64,
		.fd = 9,
		.major = 253,
		.minor = 300,
	};

	memcpy(creation.name, name, strlen(name));
	memcpy(creation.uuid, uuid, strlen(uuid));
	return creation;
}

int main(void)
{
	static const char name[] = "Ger\xc3\xa4t 1", uuid[] = "DMFD-1";
	struct dmfd_creation writable = creation(name, uuid, 0), read_only = creation(name, uuid, 1), longest;
	char long_name[DM_NAME_LEN] = "", long_uuid[DM_UUID_LEN] = "";

	expect_by_uuid(uuid);
	memcpy(expected + NAME, name, strlen(name));
	compare("create", dmfd_create_request(&writable));
	put(FLAGS, READONLY);
	compare("create read-only", dmfd_create_request(&read_only));

	expect_by_uuid(uuid);
	compare("status", dmfd_status_request(&read_only));
	put(EVENT_NR, UDEV_EVENT);
	put(FLAGS, DEFERRED_REMOVE);
	compare("remove", dmfd_remove_request(&read_only));

	expect_by_uuid("");
	put(DEV, 0x10fd2c);
	put(EVENT_NR, UDEV_EVENT);
	compare("resume", dmfd_resume_request(&read_only));
	put(FLAGS, DEFERRED_REMOVE);
	compare("remove a held one", dmfd_held_remove_request(&read_only));

	memset(long_name, 'n', sizeof(long_name) - 1);
	memset(long_uuid, 'u', sizeof(long_uuid) - 1);
	longest = creation(long_name, long_uuid, 0);
	expect_by_uuid(long_uuid);
	memcpy(expected + NAME, long_name, strlen(long_name));
	compare("create with the longest names", dmfd_create_request(&longest));
	return 0;
}
