/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_FD_H
#define DMFD_FD_H

#include <errno.h>
#include <unistd.h>

/* Closes the descriptor, if it is one, and leaves errno as it was. */
static inline void dmfd_close_fd(int *fd)
{
	int error = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = error;
}

/* Takes the descriptor out of a variable that would close it. */
static inline int dmfd_steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

/* The type of a variable that owns a descriptor: closed where the variable's scope ends, unless it was stolen. */
#define DMFD_AUTO_FD __attribute__((cleanup(dmfd_close_fd))) int

#endif
