/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_CLOSE_FROM_H
#define DMFD_CLOSE_FROM_H

/* Closes every descriptor of this process from that number on. Async-signal-safe. */
void dmfd_close_from(int first);

#endif
