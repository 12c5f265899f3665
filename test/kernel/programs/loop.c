// Makes and closes a device many times, and prints how many descriptors are open in the end:
//
//   descriptor-loop ROUNDS
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dm.h"

int main(int argc, char **argv)
{
	int rounds = argc == 2 ? atoi(argv[1]) : 0;
	int before = open_descriptors();
	for (int round = 0; round < rounds; round++) {
		char name[32];
		snprintf(name, sizeof(name), "loop-%d", round);
		struct dm_ioctl request = dm_request(name, FILE_DESCRIPTOR_FLAG | DM_DEFERRED_REMOVE);
		int error = dm_send(DM_DEV_CREATE, &request);
		if (error) {
			fprintf(stderr, "round %d: %s\n", round, strerror(-error));
			return 1;
		}
		close((int)FILE_DESCRIPTOR(&request));
	}
	printf("left %d\n", open_descriptors() - before);
	return 0;
}
