/*
 * A process that is to have a key hides before it gets it, or says why not. One line each: what hiding said, and
 * whether the process is hidden.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int refuses_prctl, refuses_setrlimit, refuses_setsid;

static int refuse(void)
{
	errno = EPERM;
	return -1;
}

#define prctl(...) (refuses_prctl ? refuse() : prctl(__VA_ARGS__))
#define setrlimit(which, limit) (refuses_setrlimit ? refuse() : setrlimit(which, limit))
#define setsid() (refuses_setsid ? refuse() : setsid())
#include "key/process.c"
#undef prctl
#undef setrlimit
#undef setsid

#include "close-from.c"
#include "ioctl.c"
#include "key/keyring.c"
#include "key/secret.c"
#include "key/source.c"
#include "key/table.c"
#undef _LARGEFILE64_SOURCE
#include "open-descriptors.c"
#include "random.c"
#include "text.c"

#include <string.h>

static int is_hidden(void)
{
	struct rlimit core;

	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0 &&
	       getsid(0) == getpid();
}

/* In a process of its own, as it is meant for. Whatever becomes of the descriptors, number 1 is where the output goes.
 */
static void try(const char *what)
{
	const pid_t pid = fork();

	if (pid == 0) {
		const int error = dmfd_key_process_begin(1, 1, 1);

		dprintf(1, "%s: %s%s\n", what, error ? strerrorname_np(-error) : "ok", is_hidden() ? ", hidden" : "");
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

int main(void)
{
	try("as ever");
	refuses_prctl = 1;
	try("without prctl");
	refuses_prctl = 0;
	refuses_setrlimit = 1;
	try("without setrlimit");
	refuses_setrlimit = 0;
	refuses_setsid = 1;
	try("without setsid");
	return 0;
}
