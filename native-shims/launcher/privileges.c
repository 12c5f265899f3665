/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "privileges.h"

#include <sys/auxv.h>
#include <unistd.h>

/*
 * A security module sets the same mark where a policy has root's dmfd run in another domain than its caller. The file's
 * capabilities are nothing that root has not, and the kernel does not mark them there.
 */
int dmfd_has_more_than_its_caller(void)
{
	if (!getauxval(AT_SECURE))
		return 0;
	return getuid() != 0 || geteuid() != 0 || getgid() != getegid();
}
