/*
 * What the native shim does for a device, without what JavaScript does: creates COUNT devices of 8 sectors of zeros,
 * each in the shield and with all proofs, and lets go of them. Prints how many nanoseconds it took.
 *
 *   shim-alone COUNT
 */
#include "dmfd.h"
#include "now.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct table {
	struct dm_ioctl header;
	struct dm_target_spec target;
	char arguments[8];
};

static int make(int control, int number)
{
	struct dmfd_creation creation = { .control = control, .mode = DMFD_AUTO, .key_fd = -1, .cancel_fd = -1 };
	struct table table = {
		.header = { .version = { 4, 0, 0 },
			    .data_size = sizeof(table),
			    .data_start = sizeof(table.header),
			    .target_count = 1 },
		.target = { .length = 8, .next = sizeof(table) - sizeof(table.header), .target_type = "zero" },
	};

	snprintf(creation.name, sizeof(creation.name), "shim-alone-%d", number);
	snprintf(creation.uuid, sizeof(creation.uuid), "DMFD-%d-%d", getpid(), number);
	snprintf(creation.scratch, sizeof(creation.scratch), "dmfd-%d", getpid());
	strcpy(table.header.uuid, creation.uuid);
	if (dmfd_create(&creation, &table, NULL, NULL)) {
		fprintf(stderr, "step %u failed\n", creation.failed_step);
		exit(1);
	}
	return creation.fd;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 0;
	int *held = calloc(count, sizeof(*held));
	int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	long long since = now();

	if (control < 0) {
		perror("/dev/mapper/control");
		return 1;
	}
	for (int number = 0; number < count; number++)
		held[number] = make(control, number);
	for (int number = 0; number < count; number++)
		close(held[number]);
	printf("%lld\n", now() - since);
	return 0;
}
