/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dmfd.h"

#include <assert.h>
#include <linux/loop.h>

/* The user API that src/dm and src/loop write byte by byte, against the kernel's own headers. */
static_assert(sizeof(struct dm_ioctl) == 312, "dm_ioctl");
static_assert(offsetof(struct dm_ioctl, data_size) == 12, "data_size");
static_assert(offsetof(struct dm_ioctl, data_start) == 16, "data_start");
static_assert(offsetof(struct dm_ioctl, target_count) == 20, "target_count");
static_assert(offsetof(struct dm_ioctl, open_count) == 24, "open_count");
static_assert(offsetof(struct dm_ioctl, flags) == 28, "flags");
static_assert(offsetof(struct dm_ioctl, event_nr) == 32, "event_nr");
static_assert(offsetof(struct dm_ioctl, padding) == 36, "padding: where the descriptor comes back");
static_assert(offsetof(struct dm_ioctl, dev) == 40, "dev");
static_assert(offsetof(struct dm_ioctl, name) == 48, "name");
static_assert(offsetof(struct dm_ioctl, uuid) == 176, "uuid");
static_assert(offsetof(struct dm_ioctl, data) == 305, "data");
static_assert(DM_NAME_LEN == 128 && DM_UUID_LEN == 129, "names");

static_assert(sizeof(struct dm_target_spec) == 40, "dm_target_spec");
static_assert(offsetof(struct dm_target_spec, length) == 8, "length");
static_assert(offsetof(struct dm_target_spec, status) == 16, "status");
static_assert(offsetof(struct dm_target_spec, next) == 20, "next");
static_assert(offsetof(struct dm_target_spec, target_type) == 24, "target_type");
static_assert(DM_MAX_TYPE_NAME == 16, "target_type");

static_assert(sizeof(struct loop_info64) == 232, "loop_info64");
static_assert(offsetof(struct loop_info64, lo_sizelimit) == 32, "lo_sizelimit");
static_assert(offsetof(struct loop_info64, lo_number) == 40, "lo_number");
static_assert(offsetof(struct loop_info64, lo_flags) == 52, "lo_flags");
static_assert(offsetof(struct loop_info64, lo_file_name) == 56, "lo_file_name");
static_assert(sizeof(struct loop_config) == 304, "loop_config");
static_assert(offsetof(struct loop_config, block_size) == 4, "block_size");
static_assert(offsetof(struct loop_config, info) == 8, "info");

/* Our own structs: these numbers are compared with src/kernel/layout.ts by a test and once at load. */
static const uint32_t layout[] = {
	sizeof(struct dmfd_creation),
	offsetof(struct dmfd_creation, mode),
	offsetof(struct dmfd_creation, read_only),
	offsetof(struct dmfd_creation, key_source),
	offsetof(struct dmfd_creation, scratch),
	offsetof(struct dmfd_creation, key_size),
	offsetof(struct dmfd_creation, key_fd),
	offsetof(struct dmfd_creation, keyring_allowed),
	offsetof(struct dmfd_creation, create),
	offsetof(struct dmfd_creation, status),
	offsetof(struct dmfd_creation, remove),
	offsetof(struct dmfd_creation, resume),
	offsetof(struct dmfd_creation, fd),
	offsetof(struct dmfd_creation, failed_step),
	offsetof(struct dmfd_creation, from_kernel),
	offsetof(struct dmfd_creation, diskseq_proved),
	offsetof(struct dmfd_creation, dev),
	offsetof(struct dmfd_creation, diskseq),
	offsetof(struct dmfd_creation, size),
	offsetof(struct dmfd_creation, answer),
	offsetof(struct dmfd_creation, shields_killed),
	offsetof(struct dmfd_creation, trace_count),
	offsetof(struct dmfd_creation, key_given),
	offsetof(struct dmfd_creation, keyring_error),
	offsetof(struct dmfd_creation, trace),
	sizeof(struct dmfd_trace_entry),
	DMFD_TRACE_MAX,
	sizeof(struct dmfd_caller),
	offsetof(struct dmfd_caller, ignored),
	offsetof(struct dmfd_caller, blocked),
	offsetof(struct dmfd_caller, pending),
	offsetof(struct dmfd_caller, soft_descriptors),
	offsetof(struct dmfd_caller, hard_descriptors),
	sizeof(struct dmfd_command),
	offsetof(struct dmfd_command, argc),
	offsetof(struct dmfd_command, envc),
	offsetof(struct dmfd_command, strings_size),
	offsetof(struct dmfd_command, descriptor_count),
	offsetof(struct dmfd_command, pid_at),
	offsetof(struct dmfd_command, exit_code),
	offsetof(struct dmfd_command, signal),
	offsetof(struct dmfd_command, reached_execve),
	sizeof(struct dmfd_descriptor),
	DMFD_PID_ROOM,
};

/* Copies the numbers; returns how many there are. */
int dmfd_layout(uint32_t *numbers, uint32_t capacity)
{
	const uint32_t count = sizeof(layout) / sizeof(layout[0]);
	uint32_t i;

	for (i = 0; i < count && i < capacity; i++)
		numbers[i] = layout[i];
	return (int)count;
}
