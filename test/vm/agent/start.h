#ifndef DMFD_AGENT_START_H
#define DMFD_AGENT_START_H

struct command;

/* Puts a running command under the care of command.c. */
void command_add(struct command *command);

#endif
