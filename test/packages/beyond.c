/*
 * What a 32-bit program does with 64-bit numbers, by dmfd's library: beyond FILE. Claims UUIDs, which are locks on
 * bytes anywhere in 62 bits, and allocates a MiB behind 5 GiB. Prints what came of it.
 */
#include "dmfd.h"

#include <fcntl.h>
#include <stdio.h>

enum { UUIDS = 64 };

int main(int argc, char **argv)
{
	const struct dmfd_range range = { .start = INT64_C(5) << 30, .length = 1 << 20 };
	const char *file = argc > 1 ? argv[1] : "";
	int maker = open(file, O_RDWR | O_CREAT, 0600), other = open(file, O_RDWR);
	int claimed = 0, seen = 0, i;

	for (i = 0; i < UUIDS; i++) {
		char uuid[16];

		snprintf(uuid, sizeof(uuid), "DMFD-%d", i);
		claimed += dmfd_claim(maker, uuid) == 0;
		seen += dmfd_is_claimed(other, uuid) == 1;
	}
	printf("%zu-byte pointers: claimed %d, seen %d, allocated %d\n", sizeof(void *), claimed, seen,
	       dmfd_allocate(maker, &range));
	return 0;
}
