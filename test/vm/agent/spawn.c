#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

enum step { AT_STDIO, AT_CHDIR, AT_EXEC };
static const char *const step_names[] = { "dup2", "chdir", "exec" };

struct failure {
	int error;
	enum step step;
};

static _Noreturn void become(const struct spawn_request *request, int report_fd);
static int place_descriptors(const struct spawn_request *request);
static void reset_signals(void);

pid_t spawn(const struct spawn_request *request, const char **step)
{
	int report[2];
	struct failure failure;

	*step = "pipe";
	if (pipe2(report, O_CLOEXEC) < 0)
		return -errno;

	pid_t pid = fork();

	if (pid < 0) {
		int error = errno;

		close(report[0]);
		close(report[1]);
		*step = "fork";
		return -error;
	}
	if (pid == 0)
		become(request, report[1]);
	close(report[1]);

	/* The write end closes by itself when the program starts; until then it carries the reason why not. */
	ssize_t count = read(report[0], &failure, sizeof(failure));

	close(report[0]);
	if (count == 0)
		return pid;
	waitpid(pid, NULL, 0);
	if (count != sizeof(failure))
		return -EIO;
	*step = step_names[failure.step];
	return -failure.error;
}

static _Noreturn void become(const struct spawn_request *request, int report_fd)
{
	struct failure failure = { .step = AT_STDIO };

	setsid();
	/* Out of the way of the descriptors that get placed, and the only one above them that stays. */
	int safe_report_fd = fcntl(report_fd, F_DUPFD_CLOEXEC, 100);

	if (safe_report_fd < 0)
		_exit(1);
	report_fd = safe_report_fd;
	if (place_descriptors(request) < 0)
		goto failed;
	close_range(3, (unsigned int)report_fd - 1, 0);
	close_range((unsigned int)report_fd + 1, ~0U, 0);

	failure.step = AT_CHDIR;
	if (chdir(request->cwd) < 0)
		goto failed;

	failure.step = AT_EXEC;
	reset_signals();
	environ = (char **)request->env;
	execvp(request->argv[0], request->argv);

failed:
	failure.error = errno;
	if (write(report_fd, &failure, sizeof(failure)) < 0)
		_exit(2);
	_exit(1);
}

/* The agent's pipes are numbered 3 and up: its own 0, 1 and 2 are the console. */
static int place_descriptors(const struct spawn_request *request)
{
	if (request->stdin_fd >= 0 && dup2(request->stdin_fd, 0) < 0)
		return -1;
	if (request->stdin_fd < 0)
		close(0);
	if (dup2(request->stdout_fd, 1) < 0 || dup2(request->stderr_fd, 2) < 0)
		return -1;
	return 0;
}

static void reset_signals(void)
{
	const struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
