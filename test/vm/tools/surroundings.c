/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints what a process has from who started it, one "key: value" a line: descriptors, signals, limits, priorities,
 * session, terminal, environment. Two ways of starting it are compared by comparing what it prints. With "-o FILE" into
 * FILE, for a caller whose standard output is closed; the descriptor for it is opened last, and not listed.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <termios.h>
#include <unistd.h>

static char text[1 << 20];
static size_t length;

#define PUT(...) (length += (size_t)snprintf(text + length, sizeof(text) - length, __VA_ARGS__))

static void put_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;

	while ((entry = readdir(directory))) {
		int fd = atoi(entry->d_name);
		struct stat st;

		if (entry->d_name[0] == '.' || fd == dirfd(directory) || fstat(fd, &st) < 0)
			continue;
		PUT("fd %d: type %o, rdev %jx, same file %jx:%ju, flags %o, close-on-exec %d, offset %jd\n", fd,
		    st.st_mode & S_IFMT, (uintmax_t)st.st_rdev, (uintmax_t)st.st_dev, (uintmax_t)st.st_ino,
		    fcntl(fd, F_GETFL), fcntl(fd, F_GETFD), (intmax_t)lseek(fd, 0, SEEK_CUR));
	}
	closedir(directory);
}

static void put_signals(void)
{
	sigset_t blocked, pending;
	int signal;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	sigpending(&pending);
	for (signal = 1; signal < NSIG; signal++) {
		struct sigaction action;

		if (sigaction(signal, NULL, &action) < 0)
			continue;
		PUT("signal %d: %s%s%s\n", signal, action.sa_handler == SIG_IGN ? "ignored" : "default",
		    sigismember(&blocked, signal) ? ", blocked" : "", sigismember(&pending, signal) ? ", pending" : "");
	}
}

static void put_limits(void)
{
	int resource;

	for (resource = 0; resource < RLIM_NLIMITS; resource++) {
		struct rlimit limit;

		getrlimit(resource, &limit);
		PUT("limit %d: %jx %jx\n", resource, (uintmax_t)limit.rlim_cur, (uintmax_t)limit.rlim_max);
	}
}

static void put_timers(void)
{
	struct itimerval timer;
	int which;

	for (which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
		getitimer(which, &timer);
		PUT("timer %d: %s\n", which, timer.it_value.tv_sec || timer.it_value.tv_usec ? "set" : "none");
	}
}

static void put_identity(void)
{
	mode_t mask = umask(0);
	cpu_set_t cpus;
	char directory[4096];
	struct termios modes;
	int death = 0;

	PUT("umask: %o\nnice: %d\nio priority: %ld\n", mask, getpriority(PRIO_PROCESS, 0),
	    syscall(SYS_ioprio_get, 1, 0));
	PUT("policy: %d\n", sched_getscheduler(0));
	sched_getaffinity(0, sizeof(cpus), &cpus);
	PUT("processors: %d\ntimer slack: %d\n", CPU_COUNT(&cpus), prctl(PR_GET_TIMERSLACK));
	PUT("session: %d\nprocess group: %d\n", getsid(0), getpgrp());
	PUT("terminal's process group: %d\n", tcgetpgrp(open("/dev/tty", O_RDWR | O_CLOEXEC)));
	if (tcgetattr(0, &modes) == 0)
		PUT("terminal modes: %x %x %x %x\n", modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag);
	PUT("directory: %s\n", getcwd(directory, sizeof(directory)));
	PUT("no new privileges: %d\ndumpable: %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), prctl(PR_GET_DUMPABLE));
	prctl(PR_GET_PDEATHSIG, &death);
	PUT("parent death signal: %d\n", death);
	PUT("users: %d %d %d %d\n", getuid(), geteuid(), getgid(), getegid());
}

static void put_file(const char *path, const char *prefixes[])
{
	FILE *file = fopen(path, "re");
	char line[4096];
	int i;

	while (file && fgets(line, sizeof(line), file))
		for (i = 0; prefixes[i]; i++)
			if (strncmp(line, prefixes[i], strlen(prefixes[i])) == 0)
				PUT("%s", line);
	if (file)
		fclose(file);
}

int main(int argc, char **argv, char **environment)
{
	const char *of_status[] = { "Cap", "Groups", "Seccomp", "Threads", "Cpus_allowed_list", NULL };
	int i, out = 1;

	put_descriptors();
	put_signals();
	put_limits();
	put_timers();
	put_identity();
	put_file("/proc/self/status", of_status);
	for (i = 0; environment[i]; i++)
		PUT("environment: %s\n", environment[i]);
	for (i = 1; i < argc; i++)
		PUT("argument: %s\n", argv[i]);
	if (argc > 2 && strcmp(argv[1], "-o") == 0)
		out = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return write(out, text, length) == (ssize_t)length ? 0 : errno;
}
