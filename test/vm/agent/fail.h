/* The agent is the guest's process 1: where it cannot go on, the guest says why and powers off. */
#ifndef DMFD_AGENT_FAIL_H
#define DMFD_AGENT_FAIL_H

/* Prints "dmfd-agent: cannot WHAT WHICH: errno" on the console and powers off. */
_Noreturn void fail(const char *what, const char *which);

_Noreturn void power_off(void);

#endif
