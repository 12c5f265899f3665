/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_LAUNCHER_OBEY_H
#define DMFD_LAUNCHER_OBEY_H

#include <stdint.h>

/*
 * Does what the service answers, and closes the connection; the first answer has to come before the limit. Returns as
 * dmfd_ask_service().
 */
int dmfd_obey(int *connection, int64_t limit);

#endif
