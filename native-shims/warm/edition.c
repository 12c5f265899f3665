/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "portable.h"
#include "warm.h"

#include <errno.h>

int dmfd_edition(const char *path, struct dmfd_edition *edition)
{
	struct stat file;

	if (dmfd_stat(path, &file) < 0)
		return -errno;
	*edition = dmfd_edition_of(&file);
	return 0;
}
