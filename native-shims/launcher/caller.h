/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_LAUNCHER_CALLER_H
#define DMFD_LAUNCHER_CALLER_H

#include <stddef.h>

/* Room for the numbers, and for the ranges of some thousand descriptors. */
#define DMFD_CALLER_SIZE 32768

/*
 * Writes what this process got from its caller and Node will change:
 * "pid=…;ignored=…;blocked=…;pending=…;nofile=…:…;fds=…". Masks are hexadecimal with bit 0 for signal 1; descriptors
 * are ranges, "0-2,9". 0 or -errno.
 */
int dmfd_describe_caller(char *text, size_t size);

#endif
