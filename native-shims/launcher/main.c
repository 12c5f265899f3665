/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command `dmfd`: notes what Node takes from a process when it starts (inherited descriptors, ignored signals, the
 * limit on descriptors, closed standard streams) in one environment variable, hides from Node the variables that are
 * meant for the command, and becomes Node, running bin/dmfd.js. Once that has started COMMAND, and nothing is left for
 * Node to do, Node becomes this program again, which then waits for the command in little memory. Under the name of one
 * of Xen's hotplug scripts, it is that script. Where a service runs that does it, it needs no Node (ask.c).
 */
#define _GNU_SOURCE
#include "ask.h"
#include "caller.h"
#include "environment.h"
#include "find-script.h"
#include "node.h"
#include "privileges.h"
#include "wait.h"

#include "dmfd.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* dmfd's own failure, as src/cli/print-error.ts has it. */
#define FAILED 125

static const char variable[] = "DMFD_CALLER=";

static int complain(const char *what, const char *answer, const char *hint)
{
	fprintf(stderr, "dmfd: %s: %s\n  hint: %s\n", what, answer, hint);
	return FAILED;
}

#define MOST_WORDS 2

/* The words that a name stands for. */
static const struct name {
	const char *name;
	char words[MOST_WORDS][20];
} names[] = {
	{ "block-dmfd", { "xen-hotplug" } },
	{ "block-snapshot", { "xen-hotplug", "--block-snapshot" } },
};

static const struct name *name_of(const char *called)
{
	const char *slash = strrchr(called, '/');
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(slash ? slash + 1 : called, names[i].name) == 0)
			return &names[i];
	return NULL;
}

/* Ends this process, or returns: then Node has to do it. */
static void let_service_do(char **words, char **environment, const char *state, const char *script)
{
	struct dmfd_question question = {
		.words = words, .environment = environment, .state = state, .script = script
	};
	int status = dmfd_ask_service(&question);

	if (status == DMFD_BECOME_NODE)
		return;
	if (status < 0)
		status = complain(
			"the service (dmfd serve) has gone after it had begun to answer", strerror(-status),
			"\"dmfd ls\" shows what there is; DMFD_COLD=1 in the environment does without the service");
	dmfd_end(status);
}

/* Of Node: before dmfd's own words. */
enum { NODE, SCRIPT, WORDS };

static char **node_arguments(int argc, char **argv, char *script)
{
	static char node[] = "node";
	const struct name *name = argc > 0 ? name_of(argv[0]) : NULL;
	/* With the words of a name, and NULL; argc may be 0. */
	char **result = calloc(WORDS + MOST_WORDS + (size_t)argc + 1, sizeof(*result));
	size_t count = WORDS, i;

	if (!result)
		return NULL;
	result[NODE] = node;
	result[SCRIPT] = script;
	for (i = 0; name && i < MOST_WORDS && name->words[i][0]; i++)
		result[count++] = (char *)name->words[i];
	if (argc > 1)
		memcpy(result + count, argv + 1, ((size_t)argc - 1) * sizeof(*argv));
	return result;
}

int main(int argc, char **argv, char **environment)
{
	static char state[DMFD_CALLER_SIZE], script[PATH_MAX];
	char **arguments, **variables;
	pid_t command;
	int error;

	if (dmfd_has_more_than_its_caller())
		return complain("it was started with privileges that its caller does not have", "refused",
				"take the setuid bit or the capabilities off this file; use sudo, or a service");
	command = dmfd_command_to_wait_for();
	if (command)
		return complain("waiting for COMMAND", strerror(-dmfd_wait_and_end(command)),
				"it goes on by itself; the device goes when it ends");
	error = dmfd_find_script(script, sizeof(script));
	if (error)
		return complain(
			"where is bin/dmfd.js", strerror(-error),
			"this program works from its package, from where \"make install\" has put it, or through a link there; is /proc mounted?");
	memcpy(state, variable, sizeof(variable) - 1);
	error = dmfd_describe_caller(state + sizeof(variable) - 1, sizeof(state) - sizeof(variable));
	if (error)
		return complain("noting the open descriptors", strerror(-error), "too many are open for that");
	arguments = node_arguments(argc, argv, script);
	if (arguments)
		let_service_do(arguments + WORDS, environment, state + sizeof(variable) - 1, script);
	variables = dmfd_hide_from_node(environment, state);
	if (!arguments || !variables)
		return complain("starting Node", strerror(ENOMEM), "this machine is out of memory");
	error = dmfd_become_node(arguments, variables);
	return complain("starting Node (\"node\" along PATH)", strerror(-error),
			error == -E2BIG ?
				"arguments, environment and the list of open descriptors are too long together" :
				"install Node 20 or later, and have it on the PATH");
}
