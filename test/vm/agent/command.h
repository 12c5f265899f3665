/*
 * The commands that run, from their start frame until nobody holds their output any more. A command
 * that has ended may live on here: background processes it left still own its pipes, and what they
 * write is still sent.
 */
#ifndef DMFD_AGENT_COMMAND_H
#define DMFD_AGENT_COMMAND_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buffer.h"
#include "port.h"

enum { OUTPUTS = 2 }; /* standard output and standard error */

struct command {
	struct command *next;
	uint32_t id;
	pid_t pid;
	bool exited;
	bool timed_out;
	uint64_t started_us;
	uint64_t deadline_us; /* 0: none */
	int stdin_fd; /* -1 once closed */
	bool stdin_ends; /* close stdin_fd once `input` is empty */
	struct buffer input;
	int output_fds[OUTPUTS]; /* -1 at end of file */
};

struct command *command_list(void);
struct command *command_find(uint32_t id);

void command_start(struct port *port, uint32_t id, const unsigned char *payload, size_t length);
void command_input(struct port *port, struct command *command, const void *data, size_t length);
void command_input_end(struct port *port, struct command *command);
void command_signal(const struct command *command, int number, int target);

/* What to poll for; a descriptor of -1 is to be ignored. */
enum { COMMAND_POLLFDS = 1 + OUTPUTS };
void command_pollfds(const struct port *port, const struct command *command, struct pollfd *pollfds);
void command_service(struct port *port, struct command *command, const struct pollfd *pollfds);

/* Collects every child that ended, the orphans process 1 inherits among them. */
void commands_reap(struct port *port);
/* Kills what ran out of time. Returns the milliseconds until the next deadline, -1 for none. */
int commands_check_deadlines(void);
/* Forgets the commands whose last frame was sent. */
void commands_forget_closed(struct port *port);

#endif
