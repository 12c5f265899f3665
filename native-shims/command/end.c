/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dmfd.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

/*
 * Ends this process with that status and does nothing else: Node's own exit would restore the terminal's modes and the
 * standard streams' flags, over those that the command has set.
 */
int dmfd_end(int status)
{
	_exit(status);
}

/* Ends this process as the command ended. A core dump is the command's; a second one would mislead. */
int dmfd_die_of_signal(int signal)
{
	struct sigaction as_default = { .sa_handler = SIG_DFL };
	sigset_t only;

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (sigaction(signal, &as_default, NULL) < 0 && errno != EINVAL)
		return -errno;
	sigemptyset(&only);
	sigaddset(&only, signal);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
	kill(getpid(), signal);
	/* Delivered before kill() returns, unless the signal's default is to do nothing. */
	return -EINVAL;
}
