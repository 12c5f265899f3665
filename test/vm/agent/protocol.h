/*
 * The agent's protocol, spoken over one virtio-serial port. test/vm/harness/frames.ts is the other
 * end. Everything is little-endian.
 *
 * A frame is a header and `length` bytes of payload. `command` is a number the host chooses; many
 * commands run at once and their frames interleave.
 */
#ifndef DMFD_AGENT_PROTOCOL_H
#define DMFD_AGENT_PROTOCOL_H

#include <assert.h>
#include <stdint.h>

struct frame_header {
	uint32_t length;
	uint32_t command;
	uint32_t type;
};
static_assert(sizeof(struct frame_header) == 12, "the host builds the header byte by byte");

enum {
	MAX_PAYLOAD = 4 << 20, /* of any frame; a start frame carries a whole environment */
	MAX_DATA_PAYLOAD = 64 << 10, /* of a data frame the agent sends */
	STDIN_WINDOW = 256 << 10 /* bytes of standard input the host may send ahead, per command */
};

/* host to guest */
enum {
	FRAME_START = 1, /* struct start_payload, then cwd, argv, env, each ended by NUL */
	FRAME_STDIN = 2, /* data */
	FRAME_STDIN_CLOSE = 3, /* no payload: end of file once all data was read */
	FRAME_SIGNAL = 4 /* struct signal_payload */
};

/* guest to host */
enum {
	FRAME_READY = 16, /* once, when the agent takes commands */
	FRAME_STARTED = 17, /* u32 pid */
	FRAME_FAILED = 18, /* u32 errno, then the name of the step that failed; the command is over */
	FRAME_STDOUT = 19, /* data */
	FRAME_STDERR = 20, /* data */
	FRAME_CREDIT = 21, /* u32: so many more bytes of standard input may be sent */
	FRAME_EXIT = 22, /* struct exit_payload; all the command itself wrote was sent before */
	FRAME_CLOSED = 23 /* no payload: nobody holds the command's output any more; its last frame */
};

enum stdin_mode { STDIN_NULL = 0, STDIN_PIPE = 1, STDIN_CLOSED = 2 };

struct start_payload {
	uint32_t stdin_mode;
	uint32_t timeout_ms; /* 0: no limit */
	uint32_t argc;
	uint32_t envc;
};

enum signal_target { TO_PROCESS = 0, TO_GROUP = 1, TO_SESSION = 2 };

struct signal_payload {
	uint32_t signal;
	uint32_t target;
};

struct exit_payload {
	uint32_t code; /* of a command that exited */
	uint32_t signal; /* that ended it, or 0 */
	uint32_t timed_out; /* 1 when the agent killed it at its time limit */
	uint32_t duration_us; /* from fork to exit; saturates */
};

#endif
