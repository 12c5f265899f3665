/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "environment.h"

#include <stdlib.h>
#include <string.h>

/* As HIDDEN_PREFIX in src/handoff/caller.ts. */
#define PREFIX "DMFD_HIDDEN_"

/*
 * What Node, libuv, OpenSSL, ICU, the C library and its dynamic loader look for: code to load, a debugger to open,
 * options that end Node with a status of its own. A name that has the prefix already gets it twice, and so comes out of
 * this as it was.
 */
static const char *const steering[] = {
	"NODE_", "UV_", "OPENSSL_", "SSL_CERT_", "ICU_", "LD_", "GLIBC_TUNABLES=", "MALLOC_", "GCONV_PATH=", PREFIX,
};

static int begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static int steers_node(const char *entry)
{
	size_t i;

	for (i = 0; i < sizeof(steering) / sizeof(steering[0]); i++)
		if (begins_with(entry, steering[i]))
			return 1;
	return 0;
}

static char *hidden(const char *entry)
{
	char *result = malloc(sizeof(PREFIX) + strlen(entry));

	if (result)
		strcpy(stpcpy(result, PREFIX), entry);
	return result;
}

static int is_same_variable(const char *entry, const char *state)
{
	return strncmp(entry, state, strcspn(state, "=") + 1) == 0;
}

char **dmfd_hide_from_node(char **environment, char *state)
{
	size_t count = 0, kept = 0, i;
	char **result;

	while (environment[count])
		count++;
	result = calloc(count + 2, sizeof(*result));
	if (!result)
		return NULL;
	for (i = 0; i < count; i++) {
		if (is_same_variable(environment[i], state))
			continue;
		result[kept] = steers_node(environment[i]) ? hidden(environment[i]) : environment[i];
		if (!result[kept++]) {
			free(result);
			return NULL;
		}
	}
	result[kept] = state;
	return result;
}
