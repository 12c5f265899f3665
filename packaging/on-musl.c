/*
 * The packaged library in a process of musl's: starts a command for a caller who has blocked two signals, and has them
 * waiting. Prints what the command sees of that. The process that becomes the command shares our memory, and with it
 * what musl has noted of the thread: whatever asks musl which thread this is, is told ours.
 */
#include "dmfd.h"

#include "signals.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

int main(void)
{
	char strings[] = "/bin/grep\0grep\0-E\0^Sig(Pnd|Blk):\0/proc/self/status";
	const uint64_t waiting = dmfd_signal_bit(SIGUSR1) | dmfd_signal_bit(SIGTERM);
	struct dmfd_command command = {
		.caller = { .known = 1, .blocked = waiting, .pending = waiting },
		.argc = 4,
		.strings_size = sizeof(strings),
		.descriptor_count = 1,
	};
	const struct dmfd_descriptor output = { .source = STDOUT_FILENO, .target = STDOUT_FILENO };
	struct rlimit limit;
	int pid;

	getrlimit(RLIMIT_NOFILE, &limit);
	command.caller.soft_descriptors = limit.rlim_cur;
	command.caller.hard_descriptors = limit.rlim_max;
	pid = dmfd_start(&command, strings, &output);
	return pid < 0 || dmfd_wait(&command, pid) < 0 || command.exit_code || command.signal;
}
