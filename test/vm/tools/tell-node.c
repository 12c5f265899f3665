/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for Node, which is at /tmp/node then: becomes it, and notes in /tmp/cold-starts with what words dmfd has
 * been started so. Whoever is started finds all that it would find without this.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void note(char **words)
{
	int file = open("/tmp/cold-starts", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);

	for (; *words; words++)
		dprintf(file, "%s ", *words);
	dprintf(file, "\n");
}

int main(int argc, char **argv, char **environment)
{
	static const char script[] = "/bin/dmfd.js";
	const size_t length = argc > 1 ? strlen(argv[1]) : 0;

	if (length >= sizeof(script) && strcmp(argv[1] + length - (sizeof(script) - 1), script) == 0)
		note(argv + 2);
	execve("/tmp/node", argv, environment);
	return 127;
}
