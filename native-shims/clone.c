/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "clone.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define STACK_SIZE (64u * 1024u)

pid_t dmfd_clone(int (*fn)(void *), void *argument, int flags)
{
	char *stack;
	pid_t pid;

	/* Never unmapped by a killed caller: the memory lives on as long as the child does. */
	stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return -errno;
	pid = clone(fn, stack + STACK_SIZE, flags, argument);
	if (pid < 0)
		pid = -errno;
	munmap(stack, STACK_SIZE);
	return pid;
}

void dmfd_await_clone(pid_t pid)
{
	while (waitpid(pid, NULL, (int)__WCLONE) < 0 && errno == EINTR)
		;
}
