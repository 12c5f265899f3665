/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_LAUNCHER_OBEY_H
#define DMFD_LAUNCHER_OBEY_H

/* Does what the service answers to a question, and closes the connection. Returns as dmfd_ask_service(). */
int dmfd_obey(int *connection);

#endif
