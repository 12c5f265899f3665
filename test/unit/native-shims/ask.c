/*
 * A launcher that asks, and servers of every kind at the other end: what dmfd_ask_service() comes to, one line each.
 * The server's half of the protocol is the shim's own.
 */
#define _GNU_SOURCE
#include "launcher/ask.h"
#include "serve/serve.h"
#include "warm/warm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WENT_AWAY = 200, NODE = 201, WITHHELD = 77, ROOM = 1 << 16, LONG = 1 << 20 };

static int listener, full, ignores_children, few_descriptors, in_container;
static rlim_t hard_limit;
static char *words[] = { "create", "--", "true", NULL };
static char *environment[] = { "A=1", "B=", NULL };

static void must(int happened, const char *what)
{
	if (happened)
		return;
	perror(what);
	exit(2);
}

static void listen_at(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	strcpy(name.sun_path, path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	must(listener >= 0 && bind(listener, (struct sockaddr *)&name, sizeof(name)) == 0 && listen(listener, 8) == 0,
	     "listen");
}

static int count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	must(directory != NULL, "opendir");
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static rlim_t set_limit(rlim_t descriptors)
{
	struct rlimit limit;

	must(getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
	limit.rlim_cur = descriptors;
	must(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
	return limit.rlim_max;
}

/* As the filter of a container that was made before that call. */
static void refuse_close_range(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 436 /* close_range */, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = 4, .filter = filter };

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0,
	     "seccomp");
}

/* The launcher: a process of its own, which ends with what it was told, or with a number of ours. */
static int ask(void)
{
	const struct dmfd_question question = {
		.words = words, .environment = environment, .state = "pid=1", .script = "./bin/dmfd.js"
	};
	int before, status;

	alarm(20);
	if (ignores_children)
		signal(SIGCHLD, SIG_IGN);
	close(listener);
	if (in_container) {
		refuse_close_range();
		must(dup2(STDOUT_FILENO, WITHHELD) == WITHHELD, "dup2");
	}
	if (few_descriptors)
		set_limit(few_descriptors);
	before = count_descriptors();
	status = dmfd_ask_service(&question);
	if (count_descriptors() != before) {
		fprintf(stderr, "a descriptor was left open\n");
		return 99;
	}
	if (status == DMFD_BECOME_NODE)
		return NODE;
	return status < 0 ? WENT_AWAY : status;
}

static pid_t start_launcher(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0)
		exit(ask());
	return pid;
}

static void tell(const char *what, pid_t launcher)
{
	int status;

	must(waitpid(launcher, &status, 0) == launcher, "waitpid");
	if (WIFSIGNALED(status))
		printf("%s: signal %d\n", what, WTERMSIG(status));
	else if (WEXITSTATUS(status) == NODE)
		printf("%s: Node\n", what);
	else if (WEXITSTATUS(status) == WENT_AWAY)
		printf("%s: went away\n", what);
	else
		printf("%s: status %d\n", what, WEXITSTATUS(status));
	fflush(stdout);
}

/* Takes a launcher's connection, and its question. */
static int take(struct dmfd_ask *question, char *body)
{
	int ends[2], connection, directory;

	must(pipe2(ends, O_CLOEXEC) == 0, "pipe");
	connection = dmfd_next_launcher(listener, ends[0]);
	close(ends[0]);
	close(ends[1]);
	must(connection >= 0, "accept");
	directory = dmfd_receive_ask(connection, question, body, ROOM);
	must(directory >= 0, "ask");
	close(directory);
	return connection;
}

static void answer(int connection, uint32_t kind, uint32_t size, int32_t value)
{
	const struct dmfd_answer head = { .kind = kind, .size = size, .value = value };

	dmfd_answer(connection, &head, -1, -1);
}

/* One launcher, which is answered so. */
static void serve(const char *what, void (*with)(int connection))
{
	static char body[ROOM];
	struct dmfd_ask question;
	pid_t launcher = start_launcher();
	int connection = take(&question, body);

	with(connection);
	close(connection);
	tell(what, launcher);
}

static void say_nothing(int connection)
{
	(void)connection;
}

static void decline(int connection)
{
	answer(connection, DMFD_ANSWER_DECLINED, 0, 0);
}

static void accept_twice(int connection)
{
	answer(connection, DMFD_ANSWER_ACCEPTED, 0, 0);
}

static void end(int connection)
{
	answer(connection, DMFD_ANSWER_END, 0, 7);
}

static void end_below_zero(int connection)
{
	answer(connection, DMFD_ANSWER_END, 0, -1);
}

static void say_what_nobody_says(int connection)
{
	answer(connection, 77, 0, 0);
}

static void say_too_much(int connection)
{
	answer(connection, DMFD_ANSWER_START, UINT32_MAX, 0);
}

static void promise_a_descriptor(int connection)
{
	const struct dmfd_answer head = { .kind = DMFD_ANSWER_START, .size = 200, .received = 1 };

	dmfd_answer(connection, &head, -1, -1);
}

static void send_unannounced(int connection)
{
	const struct dmfd_answer head = { .kind = DMFD_ANSWER_ACCEPTED };

	dmfd_answer(connection, &head, connection, connection);
}

static void write_text(int connection, int fd, const char *text)
{
	struct dmfd_reply reply = { .result = 1 };

	answer(connection, DMFD_ANSWER_WRITE, (uint32_t)strlen(text), fd);
	must(dmfd_answer_rest(connection, text, (uint32_t)strlen(text)) == 0, "rest");
	must(dmfd_receive_reply(connection, &reply, -1) == 1, "reply");
	if (reply.result)
		printf("not written: %s\n", strerrorname_np(-reply.result));
	fflush(stdout);
}

static void write_and_end(int connection)
{
	write_text(connection, STDOUT_FILENO, "said\n");
	answer(connection, DMFD_ANSWER_END, 0, 0);
}

static void write_and_go(int connection)
{
	write_text(connection, STDOUT_FILENO, "said, and no more\n");
}

static void write_to_a_full_one(int connection)
{
	write_text(connection, full, "x\n");
	answer(connection, DMFD_ANSWER_END, 0, 3);
}

static void write_to_a_closed_one(int connection)
{
	write_text(connection, 77, "x\n");
	answer(connection, DMFD_ANSWER_END, 0, 4);
}

/* A command with one descriptor, /dev/zero, as number 8. */
struct order {
	struct dmfd_command command;
	struct dmfd_descriptor descriptors[4];
	char strings[200];
};

static void fill(struct order *order, const char *file, const char *script)
{
	char *at = order->strings;

	memset(order, 0, sizeof(*order));
	order->command.argc = 3;
	order->command.envc = 1;
	order->command.descriptor_count = 4;
	order->command.strings_size = sizeof(order->strings);
	order->descriptors[0] = (struct dmfd_descriptor){ .source = 0, .target = 0 };
	order->descriptors[1] = (struct dmfd_descriptor){ .source = 1, .target = 1 };
	order->descriptors[2] = (struct dmfd_descriptor){ .source = 2, .target = 2 };
	order->descriptors[3] = (struct dmfd_descriptor){ .source = DMFD_RECEIVED(0), .target = 8 };
	at = stpcpy(at, file) + 1;
	at = stpcpy(at, "sh") + 1;
	at = stpcpy(at, "-c") + 1;
	at = stpcpy(at, script) + 1;
	strcpy(at, "PATH=/usr/bin:/bin");
}

static void send_order(int connection, uint32_t kind, const struct order *order, uint32_t size)
{
	const struct dmfd_answer head = { .kind = kind, .size = sizeof(*order), .received = 1 };
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	must(zero >= 0 && dmfd_answer(connection, &head, zero, -1) == 0, "order");
	close(zero);
	must(dmfd_answer_rest(connection, (const char *)order, size) == 0, "order's rest");
}

static void run(int connection, uint32_t kind, const char *file, const char *script)
{
	struct dmfd_reply reply;
	struct order order;

	fill(&order, file, script);
	send_order(connection, kind, &order, sizeof(order));
	if (dmfd_receive_reply(connection, &reply, -1) != 1)
		return;
	printf("not run: %s, %s\n", strerrorname_np(-reply.result), reply.reached_execve ? "by execve" : "by dmfd");
	fflush(stdout);
	answer(connection, DMFD_ANSWER_END, 0, 127);
}

#define LOOK "readlink /proc/$$/fd/8; ls -1 /proc/$$/fd"

static void start(int connection)
{
	run(connection, DMFD_ANSWER_START, "/bin/sh", LOOK "; exit 5");
}

/* Of a caller with a low limit, which the command has again. */
static void start_above_limit(int connection)
{
	struct order order;

	fill(&order, "/bin/sh", "readlink /proc/$$/fd/100; ulimit -n; exit 5");
	order.descriptors[3].target = 100;
	order.command.caller.known = 1;
	order.command.caller.soft_descriptors = (uint64_t)few_descriptors;
	order.command.caller.hard_descriptors = hard_limit;
	send_order(connection, DMFD_ANSWER_START, &order, sizeof(order));
}

/* With a descriptor that is not for the command, and that a launcher which waits has no use for. */
static void start_withheld(int connection)
{
	struct order order;

	fill(&order, "/bin/sh",
	     "held=/proc/$PPID/fd/77; for i in 1 2 3 4 5 6 7 8 9; do [ ! -e $held ] || sleep 0.1; done; ls $held; exit 5");
	order.descriptors[0] = (struct dmfd_descriptor){ .source = WITHHELD, .target = DMFD_NOT_PASSED };
	/* What ls says of a file that is not there. */
	order.descriptors[2] = order.descriptors[1];
	order.descriptors[3].target = STDERR_FILENO;
	send_order(connection, DMFD_ANSWER_START, &order, sizeof(order));
}

static void start_killed(int connection)
{
	run(connection, DMFD_ANSWER_START, "/bin/sh", "kill -TERM $$");
}

static void become(int connection)
{
	run(connection, DMFD_ANSWER_EXEC, "/bin/sh", LOOK "; exit 6");
}

static void start_missing(int connection)
{
	run(connection, DMFD_ANSWER_START, "/nonexistent", "");
}

static void become_missing(int connection)
{
	run(connection, DMFD_ANSWER_EXEC, "/nonexistent", "");
}

static void start_without(int connection)
{
	struct order order;

	fill(&order, "/bin/sh", "");
	order.descriptors[3].source = DMFD_RECEIVED(1);
	send_order(connection, DMFD_ANSWER_START, &order, sizeof(order));
}

static void start_with_many(int connection)
{
	struct order order;

	fill(&order, "/bin/sh", "");
	order.command.descriptor_count = UINT32_MAX;
	send_order(connection, DMFD_ANSWER_START, &order, sizeof(order));
}

static void start_unterminated(int connection)
{
	struct order order;

	fill(&order, "/bin/sh", "");
	order.strings[sizeof(order.strings) - 1] = 'x';
	send_order(connection, DMFD_ANSWER_START, &order, sizeof(order));
}

static uint32_t cut;

static void start_cut_short(int connection)
{
	struct order order;

	fill(&order, "/bin/sh", "exit 0");
	send_order(connection, DMFD_ANSWER_START, &order, cut);
}

/* What a launcher says, as the server hears it. */
static void hear(void)
{
	static char body[ROOM];
	struct dmfd_ask question;
	pid_t launcher = start_launcher();
	int connection = take(&question, body);
	uint32_t i, at = 0;

	printf("asked: %u words, %u variables, umask %o:", question.argc, question.envc, question.umask);
	for (i = 0; i < 1 + question.argc + question.envc && at < question.size; i++) {
		printf(" %s", body + at);
		at += (uint32_t)strlen(body + at) + 1;
	}
	printf("; %s\n", at == question.size ? "no more" : "and more");
	printf("the peer: %s\n", dmfd_equal_peer(connection) == launcher ? "equal" : "not equal");
	close(connection);
	tell("closed at once", launcher);
}

static int accept_silently(void)
{
	struct pollfd wanted = { .fd = listener, .events = POLLIN };
	int connection;

	must(poll(&wanted, 1, -1) == 1, "poll");
	connection = accept(listener, NULL, NULL);
	must(connection >= 0, "accept");
	return connection;
}

/* What a launcher has said, once it has closed the connection. */
static void tell_asked(const char *what, int connection)
{
	static char bytes[ROOM];
	ssize_t count = recv(connection, bytes, sizeof(bytes), MSG_WAITALL);

	printf("%s: %s\n", what, count > 0 ? "was asked" : "was asked nothing");
	close(connection);
}

/* A server that is no service. */
static void answer_unaccepted(void)
{
	pid_t launcher = start_launcher();
	int connection = accept_silently();

	answer(connection, DMFD_ANSWER_END, 0, 7);
	tell("ends unaccepted", launcher);
	tell_asked("ends unaccepted", connection);
}

/* One that is asked more than fits the socket's buffer. */
static pid_t start_long_winded(void)
{
	static char variable[2 * LONG];
	char *before = environment[0];
	pid_t launcher;

	memset(variable, 'A', sizeof(variable) - 1);
	environment[0] = variable;
	launcher = start_launcher();
	environment[0] = before;
	return launcher;
}

/*
 * Three services that keep a launcher waiting for too long, all at the same time: half of the sign of life is missing;
 * the question is not read; it is not accepted. Whatever they were asked whole, they would do, and Node, too.
 */
static void let_wait(void)
{
	const struct dmfd_answer accepted = { .kind = DMFD_ANSWER_ACCEPTED };
	const size_t half = sizeof(accepted) / 2;
	static char body[3 * LONG];
	struct dmfd_ask question;
	pid_t launchers[3];
	int half_accepted, unread, late, error;

	launchers[0] = start_launcher();
	half_accepted = accept_silently();
	must(write(half_accepted, &accepted, half) == (ssize_t)half, "write");
	launchers[1] = start_long_winded();
	unread = accept_silently();
	answer(unread, DMFD_ANSWER_ACCEPTED, 0, 0);
	launchers[2] = start_launcher();

	tell("half accepted in time", launchers[0]);
	tell_asked("half accepted in time", half_accepted);
	tell("not read in time", launchers[1]);
	error = dmfd_receive_ask(unread, &question, body, sizeof(body));
	printf("not read in time: %s\n", error < 0 ? strerrorname_np(-error) : "was asked");
	close(unread);
	tell("not accepted in time", launchers[2]);
	late = accept_silently();
	answer(late, DMFD_ANSWER_ACCEPTED, 0, 0);
	tell_asked("not accepted in time", late);
}

/* What is no question. */
static void mistake(const char *what, const struct dmfd_ask *question, const void *rest, size_t size, int with)
{
	static char body[ROOM];
	struct dmfd_ask heard;
	int ends[2], result;

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
	/* The head of an answer is a head like another one, but for its length. */
	if (question) {
		char control[CMSG_SPACE(sizeof(int))] = { 0 };
		struct iovec part = { .iov_base = (void *)question, .iov_len = sizeof(*question) };
		struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
		struct cmsghdr *header = (void *)control;

		if (with >= 0) {
			header->cmsg_level = SOL_SOCKET;
			header->cmsg_type = SCM_RIGHTS;
			header->cmsg_len = CMSG_LEN(sizeof(int));
			memcpy(CMSG_DATA(header), &with, sizeof(int));
			message.msg_control = control;
			message.msg_controllen = sizeof(control);
		}
		must(sendmsg(ends[0], &message, 0) == sizeof(*question), "sendmsg");
	}
	must(write(ends[0], rest, size) == (ssize_t)size, "write");
	close(ends[0]);
	result = dmfd_receive_ask(ends[1], &heard, body, 16);
	printf("asked %s: %s\n", what, result < 0 ? strerrorname_np(-result) : "understood");
	if (result >= 0)
		close(result);
	close(ends[1]);
}

static void make_mistakes(void)
{
	const struct dmfd_ask whole = { .protocol = DMFD_PROTOCOL, .size = 4 };
	const struct dmfd_ask empty = { .protocol = DMFD_PROTOCOL }, other = { .size = 4 };
	const struct dmfd_ask long_one = { .protocol = DMFD_PROTOCOL, .size = 17 };
	const int directory = open(".", O_PATH | O_CLOEXEC);

	mistake("well", &whole, "abc", 4, directory);
	mistake("nothing", NULL, "", 0, -1);
	mistake("half a head", NULL, "1234567", 7, -1);
	mistake("by another protocol", &other, "abc", 4, directory);
	mistake("without a directory", &whole, "abc", 4, -1);
	mistake("without a body", &empty, "", 0, directory);
	mistake("half a body", &whole, "ab", 2, directory);
	mistake("without an end", &whole, "abcd", 4, directory);
	mistake("too much", &long_one, "abcdefghijklmnop", 17, directory);
	close(directory);
}

/* As a number that is the launcher's is kept from being a file of the service's. */
static void occupy(void)
{
	const int lowest = dup(listener), far = lowest + 7;
	int first, second, taken;

	must(lowest >= 0, "dup");
	close(lowest);
	first = dmfd_occupy(lowest);
	second = dmfd_occupy(far);
	taken = dmfd_occupy(far);
	printf("occupies the lowest number: %s, another: %s, one that is taken: %s\n", first == lowest ? "yes" : "no",
	       second == far ? "yes" : "no", taken < 0 ? strerrorname_np(-taken) : "yes");
	if (first >= 0)
		close(first);
	if (second >= 0)
		close(second);
}

int main(int argc, char **argv)
{
	int before, stop[2];

	must(argc == 2 && chdir(argv[1]) == 0, "chdir");
	/* What a test runner passes on is not to be counted. */
	close_range(3, UINT_MAX, 0);
	signal(SIGPIPE, SIG_IGN);
	umask(027);
	before = count_descriptors();
	tell("no socket", start_launcher());
	listen_at("launcher.sock");
	let_wait();
	setenv("DMFD_COLD", "1", 1);
	tell("cold", start_launcher());
	setenv("DMFD_COLD", "0", 1);
	words[0] = "batch";
	tell("not served", start_launcher());
	words[0] = "create";
	hear();
	answer_unaccepted();
	serve("says nothing", say_nothing);
	serve("declines", decline);
	serve("accepts twice", accept_twice);
	serve("ends", end);
	serve("ends below zero", end_below_zero);
	serve("says what nobody says", say_what_nobody_says);
	serve("says too much", say_too_much);
	serve("promises a descriptor", promise_a_descriptor);
	serve("sends unannounced", send_unannounced);
	serve("writes and ends", write_and_end);
	serve("writes and goes", write_and_go);
	full = open("/dev/full", O_WRONLY);
	must(full >= 0, "/dev/full");
	serve("writes to a full one", write_to_a_full_one);
	close(full);
	serve("writes to a closed one", write_to_a_closed_one);
	serve("starts", start);
	few_descriptors = 40;
	hard_limit = set_limit(200);
	serve("starts above the limit", start_above_limit);
	few_descriptors = 0;
	in_container = 1;
	serve("starts without what is withheld", start_withheld);
	in_container = 0;
	ignores_children = 1;
	serve("starts what is killed", start_killed);
	ignores_children = 0;
	serve("becomes", become);
	serve("starts what is missing", start_missing);
	serve("becomes what is missing", become_missing);
	serve("starts without", start_without);
	serve("starts with many", start_with_many);
	serve("starts unterminated", start_unterminated);
	for (cut = 0; cut < sizeof(struct order); cut += 37)
		serve("starts what is cut short", start_cut_short);
	make_mistakes();
	occupy();
	must(pipe(stop) == 0, "pipe");
	close(stop[1]);
	printf("told to end: %s\n", strerrorname_np(-dmfd_next_launcher(listener, stop[0])));
	close(stop[0]);
	close(listener);
	tell("nobody listens", start_launcher());
	printf("descriptors left open: %d\n", count_descriptors() - before);
	return 0;
}
