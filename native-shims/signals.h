/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DMFD_SIGNALS_H
#define DMFD_SIGNALS_H

#include <stdint.h>

/* A signal in a mask, as /proc/PID/status has them: bit 0 is signal 1. */
static inline uint64_t dmfd_signal_bit(int signal)
{
	return UINT64_C(1) << (signal - 1);
}

#endif
