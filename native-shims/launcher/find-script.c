/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "find-script.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static const struct place {
	int up; /* folders above that of the program */
	const char *script;
} places[] = {
	{ 2, "/bin/dmfd.js" }, /* native-shims/build or prebuilt/MACHINE of the package */
	{ 1, "/lib/dmfd/bin/dmfd.js" }, /* sbin of where it is installed */
};

/* How long a path is without so many names at its end; 0 when it has not so many. */
static size_t without_names(const char *path, size_t length, int names)
{
	for (; names > 0 && length > 0; names--) {
		do
			length--;
		while (length > 0 && path[length] != '/');
	}
	return length;
}

int dmfd_find_script(char *path, size_t size)
{
	char own[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", own, sizeof(own));
	size_t i;

	if (length < 0)
		return -errno;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		size_t top = without_names(own, (size_t)length, places[i].up + 1);
		size_t rest = strlen(places[i].script) + 1;

		if (top + rest > size)
			return -ENAMETOOLONG;
		memcpy(path, own, top);
		memcpy(path + top, places[i].script, rest);
		if (access(path, F_OK) == 0)
			return 0;
	}
	return -ENOENT;
}
