/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "node.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char without_path[] = "/usr/local/bin:/usr/bin:/bin";

/* Whether another file of that name may do better: this one is a directory, is not to be executed, is not there, … */
static int may_go_on(int error)
{
	return error != E2BIG && error != ENOMEM && error != EAGAIN;
}

/* Keeps the first reason that says more than that there is no such file. */
static void note(int *reason, int error)
{
	if (*reason == ENOENT && error != ENOTDIR)
		*reason = error;
}

/* Returns 0, or an errno that ends the search. */
static int try_along(const char *path, char **arguments, char **environment, int *reason)
{
	char file[PATH_MAX];
	size_t length;

	for (;; path += length + 1) {
		length = strcspn(path, ":");
		/* An empty or relative element would have root execute what lies in the current directory. */
		if (path[0] == '/' && length + sizeof("/node") <= sizeof(file)) {
			snprintf(file, sizeof(file), "%.*s/node", (int)length, path);
			execve(file, arguments, environment);
			if (!may_go_on(errno))
				return errno;
			note(reason, errno);
		}
		if (path[length] == '\0')
			return 0;
	}
}

int dmfd_become_node(char **arguments, char **environment)
{
	const char *path = getenv("PATH");
	int reason = ENOENT;
	int error = try_along(path ? path : without_path, arguments, environment, &reason);

	if (error)
		return -error;
	if (DMFD_NODE[0]) {
		execve(DMFD_NODE, arguments, environment);
		note(&reason, errno);
	}
	return -reason;
}
