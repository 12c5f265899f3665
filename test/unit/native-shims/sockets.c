/* Real unix sockets at both ends: what dmfd_connect(), dmfd_send() and dmfd_notify_barrier() do, one line each. */
#define _GNU_SOURCE
#include "send/send.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { LIMIT = 300, BIG = 1 << 20 };

static const char *const type_names[] = { [SOCK_STREAM] = "stream",
					  [SOCK_DGRAM] = "dgram",
					  [SOCK_SEQPACKET] = "seqpacket" };

static void must(int happened, const char *what)
{
	if (happened)
		return;
	perror(what);
	exit(2);
}

static const char *name_of(int result)
{
	return result >= 0 ? "ok" : strerrorname_np(-result);
}

/* Connects and sends; the connection, or -errno. */
static int send_at(const char *address, int datagrams, const char *payload, uint32_t size, int fd, uint32_t limit)
{
	uint32_t owner;
	int connection = dmfd_connect(address, (uint32_t)datagrams, limit, &owner);
	int sent = connection < 0 ? connection : dmfd_send(connection, payload, size, fd);

	if (sent == (int)size && sent > 0)
		return connection;
	if (connection >= 0)
		close(connection);
	return sent;
}

static const char *owner_of(const char *address, int datagrams)
{
	uint32_t owner = 12345;
	int connection = dmfd_connect(address, (uint32_t)datagrams, LIMIT, &owner);

	must(connection >= 0, "connect");
	close(connection);
	return owner == geteuid() ? "ours" : owner == DMFD_OWNER_UNKNOWN ? "unknown" : "somebody's";
}

static int serve_at(const char *address, int type)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int server = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(address));

	must(strlen(address) < sizeof(name.sun_path), "address");
	memcpy(name.sun_path, address, strlen(address));
	if (address[0] == '@')
		name.sun_path[0] = '\0';
	must(server >= 0 && bind(server, (struct sockaddr *)&name, length) == 0, "bind");
	if (type != SOCK_DGRAM)
		must(listen(server, 1) == 0, "listen");
	return server;
}

/* Receives one message; says how long it is and what came with it. */
static void show_message(const char *what, int from, char *bytes, size_t room)
{
	char control[256];
	struct iovec part = { .iov_base = bytes, .iov_len = room };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	ssize_t count = recvmsg(from, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	struct stat given, zero;
	int fd = -1;

	must(count >= 0, "recvmsg");
	must(stat("/dev/zero", &zero) == 0, "/dev/zero");
	printf("%s: %.*s", what, count > 40 ? 0 : (int)count, bytes);
	if (count > 40)
		printf("%zd bytes", count);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
		must(header->cmsg_len == CMSG_LEN(sizeof(int)), "one descriptor");
		must(fstat(fd, &given) == 0, "fstat");
		printf(" with %s", S_ISCHR(given.st_mode) && given.st_rdev == zero.st_rdev ? "/dev/zero" :
				   S_ISFIFO(given.st_mode)				   ? "a pipe" :
											     "something else");
	}
	printf("\n");
	/* Last: somebody may wait for it. */
	if (fd >= 0)
		close(fd);
}

static void notify_at(const char *address, int zero)
{
	static const char message[] = "FDSTORE=1 FDNAME=mine";
	int server = serve_at(address, SOCK_DGRAM);
	char bytes[100];

	int connection = send_at(address, 1, message, sizeof(message) - 1, zero, LIMIT);

	printf("notify: %s, owner: %s\n", name_of(connection), owner_of(address, 1));
	show_message("got", server, bytes, sizeof(bytes));
	close(connection);
	close(server);
}

static void *answer_barrier(void *server)
{
	char bytes[100];

	show_message("barrier got", *(int *)server, bytes, sizeof(bytes));
	return NULL;
}

static void try_barrier(void)
{
	int server = serve_at("barrier", SOCK_DGRAM), connection;
	pthread_t manager;
	uint32_t owner;

	must(pthread_create(&manager, NULL, answer_barrier, &server) == 0, "thread");
	connection = dmfd_connect("barrier", 1, LIMIT, &owner);
	printf("barrier: %s\n", name_of(dmfd_notify_barrier(connection, 5000)));
	pthread_join(manager, NULL);
	/* In the queue, and never read. */
	printf("barrier of a deaf manager: %s\n", name_of(dmfd_notify_barrier(connection, 50)));
	close(connection);
	close(server);
}

static void send_to(const char *address, int type, int zero)
{
	int server = serve_at(address, type);
	int connection = send_at(address, 0, "payload", 7, zero, LIMIT);
	int accepted = type == SOCK_DGRAM ? server : accept4(server, NULL, NULL, SOCK_CLOEXEC);
	char bytes[100];

	printf("send to %s: %s, unread: %s\n", type_names[type], name_of(connection),
	       dmfd_unread(connection) > 0 ? "yes" : "no");
	show_message("got", accepted, bytes, sizeof(bytes));
	printf("then unread: %s\n", dmfd_unread(connection) == 0 ? "no" : "yes");
	close(connection);
	must(type == SOCK_DGRAM || read(accepted, bytes, 1) == 0, "end of the connection");
	if (accepted != server)
		close(accepted);
	close(server);
}

struct part_reader {
	int server;
	size_t total;
};

static void *read_in_parts(void *pointer)
{
	struct part_reader *reader = pointer;
	int accepted = accept4(reader->server, NULL, NULL, SOCK_CLOEXEC);
	static char bytes[4096];
	ssize_t count;

	show_message("first part", accepted, bytes, 10);
	reader->total = 10;
	while ((count = read(accepted, bytes, sizeof(bytes))) > 0)
		reader->total += (size_t)count;
	close(accepted);
	return NULL;
}

/* More than a socket's buffer takes at once. */
static void send_much(int zero)
{
	struct part_reader reader = { .server = serve_at("much", SOCK_STREAM) };
	char *payload = malloc(BIG);
	pthread_t thread;
	int connection;

	must(payload != NULL, "memory");
	memset(payload, 'x', BIG);
	must(pthread_create(&thread, NULL, read_in_parts, &reader) == 0, "thread");
	connection = send_at("much", 0, payload, BIG, zero, 5000);
	printf("send much: %s\n", name_of(connection));
	close(connection);
	pthread_join(thread, NULL);
	printf("received: %zu\n", reader.total);
	close(reader.server);
	free(payload);
}

/* What has gone stays gone: the descriptor, with the first part. */
static void send_too_much(int zero)
{
	int server = serve_at("too-much", SOCK_STREAM), accepted, connection, sent;
	char *payload = calloc(1, BIG);
	char bytes[41];
	uint32_t owner;

	must(payload != NULL, "memory");
	connection = dmfd_connect("too-much", 0, 50, &owner);
	sent = dmfd_send(connection, payload, BIG, zero);
	printf("send too much: %s\n", sent > 0 && sent < BIG ? "a part" : name_of(sent));
	accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	show_message("got", accepted, bytes, sizeof(bytes));
	close(accepted);
	close(connection);
	close(server);
	free(payload);
}

static void show_owners(const char *abstract)
{
	const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };
	int i;

	for (i = 0; i < 3; i++) {
		int by_path, by_name = serve_at(abstract, types[i]);

		unlink("owned");
		by_path = serve_at("owned", types[i]);
		printf("owner of a %s: %s, with an abstract name: %s\n", type_names[types[i]], owner_of("owned", 0),
		       owner_of(abstract, 0));
		close(by_path);
		close(by_name);
	}
}

static void try_long_path(int zero)
{
	char directory[101], path[205];

	memset(directory, 'd', sizeof(directory) - 1);
	directory[100] = '\0';
	snprintf(path, sizeof(path), "%s/%s", directory, directory);
	must(mkdir(directory, 0700) == 0, "mkdir");
	/* Bound by its short name, reached by the long one. */
	must(chdir(directory) == 0, "chdir");

	int server = serve_at(directory, SOCK_STREAM);
	int connection, accepted;
	char bytes[100];

	must(chdir("..") == 0, "chdir");
	connection = send_at(path, 0, "payload", 7, zero, LIMIT);
	printf("send to a path of %zu bytes: %s\n", strlen(path), name_of(connection));
	accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	show_message("got", accepted, bytes, sizeof(bytes));
	close(connection);
	close(accepted);
	close(server);
	path[200] = 'x';
	printf("send to a long path where nothing is: %s\n", name_of(send_at(path, 0, "x", 1, zero, LIMIT)));
}

static void try_refusals(int zero)
{
	char long_name[110];
	int server, connection, accepted;

	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[0] = '@';
	long_name[109] = '\0';
	printf("an abstract name of 108 bytes: %s\n", name_of(send_at(long_name, 0, "x", 1, zero, LIMIT)));
	long_name[108] = '\0';
	printf("one of 107 that nobody has: %s\n", name_of(send_at(long_name, 0, "x", 1, zero, LIMIT)));
	printf("no such path: %s\n", name_of(send_at("nowhere", 0, "x", 1, zero, LIMIT)));
	printf("no path at all: %s\n", name_of(send_at("", 0, "x", 1, zero, LIMIT)));
	printf("a device: %s\n", name_of(send_at("/dev/zero", 0, "x", 1, zero, LIMIT)));
	close(serve_at("left", SOCK_STREAM));
	printf("a socket that a server left: %s\n", name_of(send_at("left", 0, "x", 1, zero, LIMIT)));
	server = serve_at("stream", SOCK_STREAM);
	printf("notify a stream: %s\n", name_of(send_at("stream", 1, "x", 1, zero, LIMIT)));
	printf("no payload: %s\n", name_of(send_at("stream", 0, "", 0, zero, LIMIT)));
	accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	close(accepted);
	printf("no descriptor: %s\n", name_of(send_at("stream", 0, "x", 1, -1, LIMIT)));
	accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	close(accepted);

	/* The queue of connections takes two. */
	int waiting[2] = { send_at("stream", 0, "x", 1, zero, LIMIT), send_at("stream", 0, "x", 1, zero, LIMIT) };

	printf("two that are not accepted: %s %s\n", name_of(waiting[0]), name_of(waiting[1]));
	printf("a third: %s\n", name_of(send_at("stream", 0, "x", 1, zero, 50)));
	printf("unread: %s\n", dmfd_unread(waiting[0]) > 0 ? "yes" : "no");
	close(server);
	printf("unread when the server has gone: %s\n", dmfd_unread(waiting[0]) == 0 ? "no" : "yes");
	close(waiting[0]);
	close(waiting[1]);

	unlink("stream");
	server = serve_at("stream", SOCK_STREAM);
	connection = send_at("stream", 0, "x", 1, zero, LIMIT);
	accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	close(accepted);
	printf("unread when it closed the connection: %s\n", dmfd_unread(connection) == 0 ? "no" : "yes");
	close(connection);
	close(server);
	printf("unread of what is no socket: %s\n", name_of(dmfd_unread(zero)));
}

static int open_descriptors(void)
{
	int count = 0, fd;

	for (fd = 0; fd < 1000; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

int main(int argc, char **argv)
{
	char abstract[64];
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	int before = open_descriptors();

	must(argc == 2 && chdir(argv[1]) == 0, "a directory to work in");
	snprintf(abstract, sizeof(abstract), "@dmfd-test-%d", (int)getpid());
	notify_at("notify", zero);
	notify_at(abstract, zero);
	try_barrier();
	send_to("to-stream", SOCK_STREAM, zero);
	send_to("to-seqpacket", SOCK_SEQPACKET, zero);
	send_to("to-dgram", SOCK_DGRAM, zero);
	send_to(abstract, SOCK_STREAM, zero);
	send_to(abstract, SOCK_SEQPACKET, zero);
	send_to(abstract, SOCK_DGRAM, zero);
	send_much(zero);
	send_too_much(zero);
	show_owners(abstract);
	try_long_path(zero);
	try_refusals(zero);
	printf("descriptors left open: %d\n", open_descriptors() - before);
	return 0;
}
