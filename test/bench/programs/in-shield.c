/*
 * What the shield costs: ioctls as many as those of a creation, called directly and in the shield, CALLS times each.
 * Device-mapper need not be there: /dev/null refuses them all. Prints the nanoseconds of a call of both kinds.
 *
 *   in-shield CALLS
 */
#include "dmfd.h"
#include "now.h"

#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const unsigned long commands[] = {
	DM_DEV_CREATE, DM_DEV_CREATE, DM_TABLE_LOAD, DM_DEV_STATUS, DM_DEV_REMOVE, DM_DEV_SUSPEND,
};

static int ask_all(void *argument)
{
	static struct dm_ioctl request;
	const int *fd = argument;

	for (size_t index = 0; index < sizeof(commands) / sizeof(*commands); index++)
		if (!ioctl(*fd, commands[index], &request))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	const int calls = argc > 1 ? atoi(argv[1]) : 1;
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	long long since = now(), between;
	int killed, wrong = 0;

	for (int call = 0; call < calls; call++)
		wrong |= ask_all(&fd);
	between = now();
	for (int call = 0; call < calls; call++)
		wrong |= dmfd_in_shield(ask_all, &fd, &killed) || killed;
	printf("%lld %lld\n", (between - since) / calls, (now() - between) / calls);
	return wrong;
}
