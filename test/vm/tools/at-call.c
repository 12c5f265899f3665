/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command, and does something just before one exact system call of it or of its children.
 *
 *   at-call CALL NTH ERRNO SCRIPT COMMAND [ARG...]
 *
 * CALL is ioctl=REQUEST (a number as strtoul() reads it) or open=PREFIX (openat() of a path that begins so). NTH counts
 * these calls, of all processes together, from 1; 0 is every one. The caller waits while `sh -c SCRIPT` runs, with the
 * process id of the caller in $CALLER, and that of COMMAND in $COMMAND; then the call goes on if ERRNO is 0, else it
 * fails with that errno. An empty SCRIPT is none. Ends as COMMAND ended (128 + n for signal n); 120 when the call never
 * came, 121 on trouble.
 *
 * Every ioctl of a kind that fails, without a script, needs nobody to wait: then COMMAND may be another at-call.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NEVER_CAME = 120, TROUBLE = 121 };

struct order {
	uint32_t request;
	const char *prefix; /* NULL: an ioctl */
	long nth;
	int error;
	const char *script;
	long counted;
	pid_t command;
};

static void fail(const char *what)
{
	perror(what);
	exit(TROUBLE);
}

static int install_filter(const struct order *order, uint32_t verdict, unsigned int flags)
{
	/* The low half of the argument comes first on x86-64. Which path it is, only the supervisor can read. */
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, order->prefix ? SYS_openat : SYS_ioctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, order->request, 0, order->prefix ? 0 : 1),
		BPF_STMT(BPF_RET | BPF_K, verdict),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fail("PR_SET_NO_NEW_PRIVS");
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static int run_without(const struct order *order, char **command)
{
	if (install_filter(order, SECCOMP_RET_ERRNO | (uint32_t)order->error, 0) == 0)
		execvp(command[0], command);
	perror(command[0]);
	return TROUBLE;
}

/* The child shares the descriptor table until it executes the command: the listener is open here, too. */
static int start(struct order *order, char **command)
{
	int number[2], listener;

	if (pipe2(number, O_CLOEXEC) < 0)
		fail("pipe");
	order->command = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (order->command < 0)
		fail("clone");
	if (order->command == 0) {
		listener = install_filter(order, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
		if (write(number[1], &listener, sizeof(listener)) != sizeof(listener))
			_exit(TROUBLE);
		execvp(command[0], command);
		perror(command[0]);
		_exit(TROUBLE);
	}
	if (read(number[0], &listener, sizeof(listener)) != sizeof(listener) || listener < 0)
		fail("listener");
	return listener;
}

static int is_meant(struct order *order, const struct seccomp_notif *call)
{
	char path[64] = "";
	struct iovec here = { path, strlen(order->prefix ? order->prefix : "") };
	struct iovec there = { (void *)(uintptr_t)call->data.args[1], here.iov_len };

	if (order->prefix) {
		if (here.iov_len >= sizeof(path) || process_vm_readv((pid_t)call->pid, &here, 1, &there, 1, 0) < 0)
			return 0;
		if (memcmp(path, order->prefix, here.iov_len) != 0)
			return 0;
	}
	order->counted++;
	return order->nth == 0 || order->counted == order->nth;
}

static void run_script(const struct order *order, pid_t caller)
{
	char number[16];
	pid_t pid;

	if (!*order->script)
		return;
	pid = fork();
	if (pid == 0) {
		snprintf(number, sizeof(number), "%d", caller);
		setenv("CALLER", number, 1);
		snprintf(number, sizeof(number), "%d", order->command);
		setenv("COMMAND", number, 1);
		execl("/bin/sh", "sh", "-c", order->script, NULL);
		_exit(TROUBLE);
	}
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		fail("script");
}

static void serve(struct order *order, int listener)
{
	struct seccomp_notif call = { 0 };
	struct seccomp_notif_resp answer = { 0 };

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0) {
		if (errno != ENOENT && errno != EINTR)
			fail("SECCOMP_IOCTL_NOTIF_RECV");
		return;
	}
	answer.id = call.id;
	answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	if (is_meant(order, &call)) {
		run_script(order, (pid_t)call.pid);
		if (order->error) {
			answer.flags = 0;
			answer.error = -order->error;
		}
	}
	/* ENOENT: the caller was killed meanwhile. */
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) < 0 && errno != ENOENT)
		fail("SECCOMP_IOCTL_NOTIF_SEND");
}

/* Before Linux 6.11 a dead command counts as a user of the filter until it is waited for. */
static int serve_to_the_end(struct order *order, int listener)
{
	struct pollfd fds[] = {
		{ .fd = listener, .events = POLLIN },
		{ .fd = (int)syscall(SYS_pidfd_open, order->command, 0), .events = POLLIN },
	};
	int status = 0;

	if (fds[1].fd < 0)
		fail("pidfd_open");
	/* Hung up when nobody is left who could make such a call. */
	while (!(fds[0].revents & ~POLLIN)) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents & POLLIN)
			serve(order, listener);
		if (fds[1].revents && waitpid(order->command, &status, 0) == order->command)
			fds[1].fd = -1;
	}
	if (fds[1].fd >= 0 && waitpid(order->command, &status, 0) != order->command)
		fail("waitpid");
	return status;
}

int main(int argc, char **argv)
{
	struct order order = { 0 };
	int status;

	if (argc < 6)
		return TROUBLE;
	if (!strncmp(argv[1], "open=", 5))
		order.prefix = argv[1] + 5;
	else if (!strncmp(argv[1], "ioctl=", 6))
		order.request = (uint32_t)strtoul(argv[1] + 6, NULL, 0);
	else
		return TROUBLE;
	order.nth = atol(argv[2]);
	order.error = atoi(argv[3]);
	order.script = argv[4];
	if (!order.prefix && order.nth == 0 && !*order.script)
		return run_without(&order, argv + 5);
	status = serve_to_the_end(&order, start(&order, argv + 5));
	if (order.counted < (order.nth ? order.nth : 1))
		return NEVER_CAME;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
