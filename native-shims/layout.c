/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dmfd.h"
#include "serve/serve.h"
#include "warm/warm.h"

#include <assert.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/types.h>

/* Of files and locks, on 32-bit machines, too: the kernel would be told the lower half of a number. */
static_assert(sizeof(off_t) == 8, "off_t: is _FILE_OFFSET_BITS 64?");

/* The user API that src/dm, src/loop and src/swap write byte by byte, against the kernel's own headers. */
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
static_assert(offsetof(struct loop_info64, lo_device) == 0, "lo_device");
static_assert(offsetof(struct loop_info64, lo_inode) == 8, "lo_inode");
static_assert(offsetof(struct loop_info64, lo_rdevice) == 16, "lo_rdevice");
static_assert(offsetof(struct loop_info64, lo_sizelimit) == 32, "lo_sizelimit");
static_assert(offsetof(struct loop_info64, lo_offset) == 24, "lo_offset");
static_assert(offsetof(struct loop_info64, lo_flags) == 52, "lo_flags");
static_assert(offsetof(struct loop_info64, lo_file_name) == 56, "lo_file_name");
static_assert(sizeof(struct loop_config) == 304, "loop_config");
static_assert(offsetof(struct loop_config, block_size) == 4, "block_size");
static_assert(offsetof(struct loop_config, info) == 8, "info");

static_assert(sizeof(struct fiemap) == 32, "fiemap");
static_assert(offsetof(struct fiemap, fm_length) == 8, "fm_length");
static_assert(offsetof(struct fiemap, fm_flags) == 16, "fm_flags");
static_assert(offsetof(struct fiemap, fm_mapped_extents) == 20, "fm_mapped_extents");
static_assert(offsetof(struct fiemap, fm_extent_count) == 24, "fm_extent_count");
static_assert(sizeof(struct fiemap_extent) == 56, "fiemap_extent");
static_assert(offsetof(struct fiemap_extent, fe_logical) == 0, "fe_logical");
static_assert(offsetof(struct fiemap_extent, fe_length) == 16, "fe_length");
static_assert(offsetof(struct fiemap_extent, fe_flags) == 40, "fe_flags");

/* Our own structs and numbers, by name, for src/, which fills and reads the structs. */
#define BYTES(type) { #type ".bytes", sizeof(struct dmfd_##type) }
#define FIELD(type, field) { #type "." #field, offsetof(struct dmfd_##type, field) }
#define STEP(step) { "step." #step, DMFD_STEP_##step }

static const struct {
	const char *name;
	long long number;
} layout[] = {
	BYTES(creation),
	FIELD(creation, control),
	FIELD(creation, mode),
	FIELD(creation, read_only),
	FIELD(creation, udev_event),
	FIELD(creation, name),
	FIELD(creation, uuid),
	FIELD(creation, scratch),
	FIELD(creation, key_source),
	FIELD(creation, key_size),
	FIELD(creation, key_fd),
	FIELD(creation, key_place_count),
	FIELD(creation, keyring_allowed),
	FIELD(creation, cancel_fd),
	FIELD(creation, signature_size),
	FIELD(creation, signature_name),
	FIELD(creation, fd),
	FIELD(creation, failed_step),
	FIELD(creation, from_kernel),
	FIELD(creation, major),
	FIELD(creation, minor),
	FIELD(creation, diskseq),
	FIELD(creation, size),
	FIELD(creation, answer),
	FIELD(creation, key_given),
	FIELD(creation, trace_count),
	FIELD(creation, trace),
	BYTES(trace_entry),
	FIELD(trace_entry, step),
	FIELD(trace_entry, result),
	FIELD(trace_entry, nanoseconds),
	BYTES(resizing),
	FIELD(resizing, control),
	FIELD(resizing, major),
	FIELD(resizing, minor),
	FIELD(resizing, length),
	FIELD(resizing, backing_start),
	FIELD(resizing, backing_major),
	FIELD(resizing, backing_minor),
	FIELD(resizing, key_in_keyring),
	FIELD(resizing, failed_step),
	{ "resize_step.READ", DMFD_RESIZE_READ },
	{ "resize_step.LOAD", DMFD_RESIZE_LOAD },
	{ "resize_step.SWAP", DMFD_RESIZE_SWAP },
	{ "resize_step.SHIELD", DMFD_RESIZE_SHIELD },
	BYTES(range),
	FIELD(range, start),
	FIELD(range, length),
	BYTES(key_place),
	FIELD(key_place, target_at),
	FIELD(key_place, at),
	FIELD(key_place, is_crypt),
	BYTES(caller),
	FIELD(caller, known),
	FIELD(caller, ignored),
	FIELD(caller, blocked),
	FIELD(caller, pending),
	FIELD(caller, soft_descriptors),
	FIELD(caller, hard_descriptors),
	BYTES(command),
	FIELD(command, caller),
	FIELD(command, argc),
	FIELD(command, envc),
	FIELD(command, strings_size),
	FIELD(command, descriptor_count),
	FIELD(command, pid_at),
	FIELD(command, exit_code),
	FIELD(command, signal),
	FIELD(command, reached_execve),
	BYTES(descriptor),
	FIELD(descriptor, source),
	FIELD(descriptor, target),
	BYTES(ready),
	FIELD(ready, tag),
	FIELD(ready, events),
	BYTES(passed),
	FIELD(passed, count),
	FIELD(passed, fds),
	BYTES(edition),
	BYTES(ask),
	FIELD(ask, size),
	FIELD(ask, argc),
	FIELD(ask, envc),
	FIELD(ask, umask),
	FIELD(ask, terminals),
	FIELD(ask, columns),
	FIELD(ask, command),
	BYTES(answer),
	FIELD(answer, kind),
	FIELD(answer, size),
	FIELD(answer, value),
	FIELD(answer, received),
	BYTES(reply),
	FIELD(reply, result),
	FIELD(reply, reached_execve),
	{ "answer_kind.declined", DMFD_ANSWER_DECLINED },
	{ "answer_kind.write", DMFD_ANSWER_WRITE },
	{ "answer_kind.end", DMFD_ANSWER_END },
	{ "answer_kind.start", DMFD_ANSWER_START },
	{ "answer_kind.exec", DMFD_ANSWER_EXEC },
	{ "inequality.unseen", DMFD_INEQUALITY_UNSEEN },
	{ "inequality.user", DMFD_INEQUALITY_USER },
	{ "inequality.capabilities", DMFD_INEQUALITY_CAPABILITIES },
	{ "inequality.filter", DMFD_INEQUALITY_FILTER },
	{ "inequality.namespace", DMFD_INEQUALITY_NAMESPACE },
	{ "inequality.root", DMFD_INEQUALITY_ROOT },
	{ "mode.auto", DMFD_AUTO },
	{ "mode.atomic", DMFD_ATOMIC },
	{ "mode.fallback", DMFD_FALLBACK },
	STEP(SHIELD),
	STEP(CREATE_WITH_FD),
	STEP(CHECK_ANSWER),
	STEP(CREATE),
	STEP(LOAD),
	STEP(OPEN),
	STEP(PRIVATE_NODE),
	STEP(PROVE_NUMBER),
	STEP(PROVE_UUID),
	STEP(PROVE_DISKSEQ),
	STEP(DEFER_REMOVE),
	STEP(RESUME),
	STEP(MEASURE),
	STEP(ROLLBACK),
	STEP(KEY),
	STEP(SIGNATURE),
	{ "key_source.random", DMFD_KEY_RANDOM },
	{ "key_source.descriptor", DMFD_KEY_DESCRIPTOR },
	{ "key_given.keyring", DMFD_KEY_IN_KEYRING },
	{ "key_given.table", DMFD_KEY_IN_TABLE },
	{ "limit.key_bytes", DMFD_KEY_MAX },
	{ "limit.pid_room", DMFD_PID_ROOM },
	/* The size of a word is part of the first two numbers. */
	{ "ioctl.BLKGETSIZE64", BLKGETSIZE64 },
	{ "ioctl.FS_IOC_GETFLAGS", FS_IOC_GETFLAGS },
	{ "ioctl.FS_IOC_FIEMAP", FS_IOC_FIEMAP },
	{ "event.readable", EPOLLIN },
	{ "event.writable", EPOLLOUT },
	{ "event.hung_up", EPOLLHUP },
	{ "event.error", EPOLLERR },
	{ "limit.ask_bytes", DMFD_ASK_MAX },
	{ "constant.not_passed", DMFD_NOT_PASSED },
};

/*
 * Writes lines of name=number, terminated by NUL, as far as they fit. Returns the length of all of them, without the
 * NUL: the text is whole when that is below the capacity.
 */
int dmfd_layout(char *text, uint32_t capacity)
{
	size_t length = 0, i;

	for (i = 0; i < sizeof(layout) / sizeof(layout[0]); i++) {
		const size_t room = length < capacity ? capacity - length : 0;

		length += (size_t)snprintf(room ? text + length : NULL, room, "%s=%lld\n", layout[i].name,
					   layout[i].number);
	}
	return (int)length;
}
