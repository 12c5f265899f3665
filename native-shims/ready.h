/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_READY_H
#define DMFD_READY_H

#include <stdint.h>

/* For a limit: as long as it takes. */
#define DMFD_FOR_EVER (-1)

/* The limit that comes after so many milliseconds; a negative number is none. */
int64_t dmfd_limit_after(int64_t timeout_ms);

/*
 * Waits for one of these events of poll(2), an end or an error. 0; -ETIMEDOUT when the limit is over; -errno. A signal
 * ends no wait.
 */
int dmfd_wait_for(int fd, short events, int64_t limit);

#endif
