/**
 * Numbers of the device-mapper user API (linux/dm-ioctl.h). native-shims/layout.c asserts the layout against
 * the kernel's header; a test compares the rest.
 *
 * @module
 */

/** Bytes of `struct dm_ioctl`, on every architecture. */
export const HEADER_SIZE = 312;
/** Where the fields of that header stand. */
export const HEADER_OFFSETS = {
  version: 0,
  dataSize: 12,
  dataStart: 16,
  targetCount: 20,
  openCount: 24,
  flags: 28,
  eventNr: 32,
  dev: 40,
  name: 48,
  uuid: 176,
} as const;

/** Bytes of the name and UUID fields; the text itself is one byte shorter, for its NUL. */
export const NAME_FIELD = 128;
export const UUID_FIELD = 129;

/** Bytes of `struct dm_target_spec`, and of the type name in it. */
export const TARGET_SPEC_SIZE = 40;
export const TARGET_TYPE_FIELD = 16;

/** The limits of drivers/md/dm-core.h for a table and for a call. */
export const MAX_TARGETS = 1_048_576;
export const MAX_DATA_SIZE = 1_073_741_824;

const DM_IOCTL_TYPE = 0xfd;

/** `_IOWR(0xfd, number, struct dm_ioctl)`; unsigned. */
function command(number: number): number {
  return ((3 << 30) | (HEADER_SIZE << 16) | (DM_IOCTL_TYPE << 8) | number) >>> 0;
}

export const COMMANDS = {
  VERSION: command(0),
  LIST_DEVICES: command(2),
  DEV_REMOVE: command(4),
  DEV_STATUS: command(7),
  TABLE_DEPS: command(11),
  TABLE_STATUS: command(12),
  LIST_VERSIONS: command(13),
  TARGET_MSG: command(14),
  GET_TARGET_VERSION: command(17),
} as const;

export type CommandName = keyof typeof COMMANDS;

export const FLAGS = {
  READONLY: 1 << 0,
  SUSPENDED: 1 << 1,
  STATUS_TABLE: 1 << 4,
  ACTIVE_PRESENT: 1 << 5,
  INACTIVE_PRESENT: 1 << 6,
  BUFFER_FULL: 1 << 8,
  NOFLUSH: 1 << 11,
  QUERY_INACTIVE: 1 << 12,
  SECURE_DATA: 1 << 15,
  DEFERRED_REMOVE: 1 << 17,
} as const;

/** The value at `padding` before a call, to tell "no answer" from any descriptor number. */
export const NO_ANSWER = 0xffffffff;

/**
 * The interface version that is asked for. The kernel takes any minor up to its own, so the lowest is understood
 * by all.
 */
export const INTERFACE_VERSION = [4, 0, 0] as const;
