/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_LAUNCHER_CALLER_H
#define DMFD_LAUNCHER_CALLER_H

#include <stddef.h>

/* As long as the kernel lets one variable be: the numbers, and the ranges of 18,000 descriptors or more. */
#define DMFD_CALLER_SIZE (32 * 4096)

/*
 * Writes what this process got from its caller and Node will change:
 * "pid=…;ignored=…;blocked=…;pending=…;nofile=…:…;fds=…;launcher=…". Masks are hexadecimal with bit 0 for signal 1;
 * descriptors are ranges, "0-2,9,". 0 or -errno.
 */
int dmfd_describe_caller(char *text, size_t size);

#endif
