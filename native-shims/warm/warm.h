/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol of launchers and the service, over a unix stream socket: the service accepts the launcher; this asks,
 * with its words, its environment and its working directory; the service does what the words say, has the launcher
 * write and run what is to be written and run, and tells it how to end. Both are of the same machine and the same
 * package, so these structs are the protocol. A launcher that is not accepted in time, or gets no answer, or is told
 * to, becomes Node, and does everything itself.
 *
 * No command is done by both: the launcher does not ask before it has read that it is accepted, and once it has sent
 * the last byte of its question, it waits as long as the connection lasts; the service does nothing without that byte.
 */
#ifndef DMFD_WARM_H
#define DMFD_WARM_H

#include "dmfd.h"

#include <sys/stat.h>

#ifndef DMFD_LAUNCHER_SOCKET
#define DMFD_LAUNCHER_SOCKET "/run/dmfd/launcher.sock"
#endif

/* The identity of one version of a file. */
struct dmfd_edition {
	uint64_t device;
	uint64_t inode;
	uint64_t size;
	uint64_t modified; /* nanoseconds */
};

/*
 * Of a question: another number for each change of what is said, or when. Its lower half is too large for the size that
 * an older service looks for in this place.
 */
#define DMFD_PROTOCOL 0x2646d6664u

/*
 * From the launcher, with its working directory: then that many NUL-terminated strings: what it noted of its caller
 * (launcher/caller.h), argv without the name of the program, envp.
 */
struct dmfd_ask {
	uint64_t protocol; /* DMFD_PROTOCOL */
	uint32_t size; /* bytes of all that follows */
	uint32_t argc;
	uint32_t envc;
	uint32_t umask;
	uint32_t terminals; /* bit N: descriptor N is a terminal */
	uint32_t columns; /* of the terminal that is standard output; 0: unknown */
	struct dmfd_edition command; /* the file that holds the command line */
};

/* Bytes that follow: twice what the kernel takes in one execve() unless the limit on stacks was changed. */
#define DMFD_ASK_MAX (4u << 20)

enum dmfd_answer_kind {
	DMFD_ANSWER_ACCEPTED = 1, /* the first, to every launcher: ask; what follows may take its time */
	DMFD_ANSWER_DECLINED, /* nothing was done: do it yourself */
	DMFD_ANSWER_WRITE, /* what follows, to the descriptor `value`; and reply */
	DMFD_ANSWER_END, /* with the status `value` */
	DMFD_ANSWER_START, /* the command that follows, wait for it, and end as it does; reply when it could not be
			      started */
	DMFD_ANSWER_EXEC, /* become it; reply when that failed */
};

struct dmfd_answer {
	uint32_t kind; /* enum dmfd_answer_kind */
	uint32_t size; /* bytes that follow; of a command: struct dmfd_command, its descriptors, its strings */
	int32_t value;
	uint32_t received; /* descriptors that come with this header, and belong to a command */
};

/* Bytes that follow an answer. */
#define DMFD_ANSWER_MAX (64u << 20)

/* The source of the n-th of those, in a struct dmfd_descriptor. */
#define DMFD_RECEIVED(n) (-1 - (n))
#define DMFD_RECEIVED_MAX 2

struct dmfd_reply {
	int32_t result; /* 0 or -errno */
	uint32_t reached_execve; /* as in struct dmfd_command */
};

static inline struct dmfd_edition dmfd_edition_of(const struct stat *file)
{
	return (struct dmfd_edition){
		.device = file->st_dev,
		.inode = file->st_ino,
		.size = (uint64_t)file->st_size,
		.modified = (uint64_t)file->st_mtim.tv_sec * 1000000000u + (uint64_t)file->st_mtim.tv_nsec,
	};
}

/* next.c: the next launcher that connects, accepted; -ECANCELED when the other end of the pipe `stop` was closed */
DMFD_EXPORT int dmfd_next_launcher(int listener, int stop);

/* occupy.c: /dev/null under a number that is free; -EBUSY when it is not */
DMFD_EXPORT int dmfd_occupy(int number);

/* edition.c */
DMFD_EXPORT int dmfd_edition(const char *path, struct dmfd_edition *edition);

/* receive.c */
DMFD_EXPORT int dmfd_receive_ask(int connection, struct dmfd_ask *ask, char *body, uint32_t room);
DMFD_EXPORT int dmfd_receive_reply(int connection, struct dmfd_reply *reply, int timeout_ms);

/* answer.c */
DMFD_EXPORT int dmfd_answer(int connection, const struct dmfd_answer *answer, int first, int second);
DMFD_EXPORT int dmfd_answer_rest(int connection, const char *bytes, uint32_t size);

#endif
