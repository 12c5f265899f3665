#include "fail.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

void fail(const char *what, const char *which)
{
	fprintf(stderr, "dmfd-agent: cannot %s %s: %s\n", what, which, strerror(errno));
	power_off();
}

void power_off(void)
{
	/* A kernel without ACPI cannot power off; QEMU's -no-reboot makes a reset the same. */
	reboot(RB_POWER_OFF);
	reboot(RB_AUTOBOOT);
	_exit(1);
}
