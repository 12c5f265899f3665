/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs dmfd under ptrace and kills it at one exact point.
 *
 *   kill-at WHO[:SIGNAL] N COMMAND [ARG...]
 *
 * Points are the entries and exits of system calls, counted from the one that first opens /dev/loop-control or
 * /dev/mapper/control. WHO says whose are counted, and who gets the signal (a number, SIGKILL if there is none) at the
 * Nth:
 *
 *   main    those of the main thread; the whole process dies
 *   shield  those of the shield; the shield dies
 *   over    those of the shield; the process that waits for it dies
 *   group   as over, with the process group that it leads
 *   both    those of the shield; it dies together with the process that waits for it
 *
 * A digit after it says which shield, where several devices are made one after the other: over2. With xenstore- before
 * it, points are counted from the opening of xenstored's socket on, with which the connection begins.
 *
 * Prints one line: what was killed where, or how many points there are when N is beyond the last. Exit: 0 after a
 * kill, 3 without one, 1 on trouble.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSCALL_STOP (SIGTRAP | 0x80)
#define OPTIONS \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEFORK | PTRACE_O_TRACEEXEC | \
	 PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL)

enum who { MAIN, SHIELD, OVER, GROUP, BOTH };

struct state {
	enum who who;
	int from_xenstore; /* the window opens with its socket */
	int which; /* of the shields */
	int shields;
	int signal;
	long wanted;
	long counted;
	pid_t main;
	pid_t shield;
	int window; /* the first control device, or the socket, is being opened, or was */
	int main_inside; /* a system call of the main thread's */
	int shield_inside;
	pid_t last_thread; /* that the main thread made in the window, before the shield */
	int killed;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* Only openat() stops the tracee until the window opens: stopping at all of Node's calls would take half a minute. */
static void stop_at_openat(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		fail("seccomp");
}

static pid_t start(char **command)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		setpgid(0, 0);
		raise(SIGSTOP);
		stop_at_openat();
		execvp(command[0], command);
		perror(command[0]);
		_exit(127);
	}
	if (waitpid(pid, NULL, WUNTRACED) != pid)
		fail("waitpid");
	if (ptrace(PTRACE_SEIZE, pid, NULL, OPTIONS) < 0)
		fail("PTRACE_SEIZE");
	kill(pid, SIGCONT);
	return pid;
}

static int begins_window(const struct state *state, pid_t pid, const struct user_regs_struct *registers)
{
	char path[32] = "";
	struct iovec here = { path, sizeof(path) - 1 };
	struct iovec there = { (void *)registers->rsi, sizeof(path) - 1 };

	if (process_vm_readv(pid, &here, 1, &there, 1, 0) < 0)
		return 0;
	if (state->from_xenstore)
		return !strcmp(path, "/run/xenstored/socket");
	return !strcmp(path, "/dev/loop-control") || !strcmp(path, "/dev/mapper/control");
}

static void kill_at(struct state *state, const struct user_regs_struct *registers, int entry)
{
	static const char *const victims[] = { "main", "shield", "main over the shield", "group over the shield",
					       "main and shield" };

	state->killed = 1;
	printf("killed %s at %s of system call %lld, point %ld\n", victims[state->who], entry ? "entry" : "exit",
	       (long long)registers->orig_rax, state->counted);
	fflush(stdout);
	if (state->who != SHIELD)
		kill(state->who == GROUP ? -state->main : state->main, state->signal);
	/* It stands still until the tracer lets it go on: both die at the same point. */
	if (state->who == SHIELD || state->who == BOTH)
		kill(state->shield, state->signal);
}

static void count(struct state *state, pid_t pid, const struct user_regs_struct *registers, int entry)
{
	pid_t counted_one = state->who == MAIN ? state->main : state->shield;

	if (state->killed || !state->window || pid != counted_one)
		return;
	if (++state->counted == state->wanted)
		kill_at(state, registers, entry);
}

static void on_syscall(struct state *state, pid_t pid)
{
	struct user_regs_struct registers;
	int *inside = pid == state->main ? &state->main_inside : &state->shield_inside;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) < 0)
		return;
	*inside = !*inside;
	count(state, pid, &registers, *inside);
}

/* The main thread enters openat(): does the window begin? That entry is its first point. */
static void on_openat(struct state *state, pid_t pid)
{
	struct user_regs_struct registers;

	if (pid != state->main || state->window || ptrace(PTRACE_GETREGS, pid, NULL, &registers) < 0)
		return;
	if (!begins_window(state, pid, &registers))
		return;
	state->window = 1;
	state->main_inside = 1;
	count(state, pid, &registers, 1);
}

/* Threads run free; of the window's processes one is the shield; others (the command) run free. */
static int is_counted(const struct state *state, pid_t pid)
{
	return state->window && (pid == state->main || pid == state->shield);
}

static pid_t on_birth(struct state *state, pid_t parent, int event)
{
	unsigned long born = 0;

	if (ptrace(PTRACE_GETEVENTMSG, parent, NULL, &born) < 0)
		return 0;
	if (parent == state->main && event == PTRACE_EVENT_VFORK && state->window && ++state->shields == state->which)
		state->shield = (pid_t)born;
	else
		state->last_thread = (pid_t)born;
	return (pid_t)born;
}

static void resume(const struct state *state, pid_t pid, int signal)
{
	ptrace(is_counted(state, pid) ? PTRACE_SYSCALL : PTRACE_CONT, pid, NULL, (long)signal);
}

/* A signal that is on its way to the tracee; 0 for ptrace's own stops, all of which say more than SIGTRAP. */
static int pending_signal(int status)
{
	int signal = WSTOPSIG(status);

	return status >> 16 || signal == SYSCALL_STOP || signal == SIGSTOP ? 0 : signal;
}

static int is_birth(int event)
{
	return event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK;
}

/* Of [xenstore-]WHO[DIGIT][:SIGNAL]; 0 or -1. */
static int read_victim(struct state *state, char *word)
{
	static const char *const names[] = { "main", "shield", "over", "group", "both" };
	static const char from_xenstore[] = "xenstore-";
	char *colon = strchr(word, ':'), *digit;

	state->signal = colon ? atoi(colon + 1) : SIGKILL;
	if (colon)
		*colon = '\0';
	if (strncmp(word, from_xenstore, strlen(from_xenstore)) == 0) {
		state->from_xenstore = 1;
		word += strlen(from_xenstore);
	}
	digit = strpbrk(word, "123456789");
	state->which = digit ? atoi(digit) : 1;
	if (digit)
		*digit = '\0';
	for (state->who = MAIN; state->who <= BOTH; state->who++)
		if (strcmp(word, names[state->who]) == 0)
			return 0;
	return -1;
}

int main(int argc, char **argv)
{
	struct state state = { 0 };
	pid_t early = 0, pid;
	int status;

	if (argc < 4 || read_victim(&state, argv[1]) < 0)
		return 1;
	state.wanted = atol(argv[2]);
	state.main = start(argv + 3);
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid < 0 || WIFEXITED(status) || WIFSIGNALED(status))
			continue;
		if (WSTOPSIG(status) == SYSCALL_STOP) {
			on_syscall(&state, pid);
		} else if (status >> 16 == PTRACE_EVENT_SECCOMP) {
			on_openat(&state, pid);
		} else if (is_birth(status >> 16)) {
			if (on_birth(&state, pid, status >> 16) == early && early) {
				resume(&state, early, 0);
				early = 0;
			}
		} else if (status >> 16 == PTRACE_EVENT_STOP && state.window && !state.shield && pid != state.main &&
			   pid != state.last_thread && !early) {
			/* Possibly the shield: its first stop may come before its parent's event, which tells. */
			early = pid;
			continue;
		}
		resume(&state, pid, pending_signal(status));
	}
	if (!state.killed)
		printf("points %ld\n", state.counted);
	return state.killed ? 0 : 3;
}
