import { expect, test } from 'vitest';
import {
  COMMANDS,
  FLAGS,
  HEADER_OFFSETS,
  HEADER_SIZE,
  NAME_FIELD,
  TARGET_SPEC_SIZE,
  TARGET_TYPE_FIELD,
  UUID_FIELD,
} from '../../../src/dm/protocol.js';
import { encodeLoopConfig, encodeLoopInfo, LOOP_COMMANDS, LOOP_MAJOR } from '../../../src/loop/protocol.js';
import { evaluateC } from '../support/compile.js';

const FIELDS: Readonly<Record<keyof typeof HEADER_OFFSETS, string>> = {
  version: 'version',
  dataSize: 'data_size',
  dataStart: 'data_start',
  targetCount: 'target_count',
  openCount: 'open_count',
  flags: 'flags',
  eventNr: 'event_nr',
  dev: 'dev',
  name: 'name',
  uuid: 'uuid',
};

const FLAG_NAMES: Readonly<Record<keyof typeof FLAGS, string>> = {
  READONLY: 'DM_READONLY_FLAG',
  SUSPENDED: 'DM_SUSPEND_FLAG',
  ACTIVE_PRESENT: 'DM_ACTIVE_PRESENT_FLAG',
  INACTIVE_PRESENT: 'DM_INACTIVE_PRESENT_FLAG',
  BUFFER_FULL: 'DM_BUFFER_FULL_FLAG',
  STATUS_TABLE: 'DM_STATUS_TABLE_FLAG',
  NOFLUSH: 'DM_NOFLUSH_FLAG',
  QUERY_INACTIVE: 'DM_QUERY_INACTIVE_TABLE_FLAG',
  SECURE_DATA: 'DM_SECURE_DATA_FLAG',
  DEFERRED_REMOVE: 'DM_DEFERRED_REMOVE',
};

const HEADERS = ['<linux/dm-ioctl.h>', '<linux/fs.h>', '<linux/loop.h>', '<linux/major.h>', '"dmfd.h"'];

/** Expressions of C, and what they are here. */
const OURS: Readonly<Record<string, number>> = {
  'sizeof(struct dm_ioctl)': HEADER_SIZE,
  'sizeof(struct dm_target_spec)': TARGET_SPEC_SIZE,
  DM_NAME_LEN: NAME_FIELD,
  DM_UUID_LEN: UUID_FIELD,
  DM_MAX_TYPE_NAME: TARGET_TYPE_FIELD,
  ...Object.fromEntries(
    Object.entries(FIELDS).map(([ours, field]) => [
      `offsetof(struct dm_ioctl, ${field})`,
      HEADER_OFFSETS[ours as keyof typeof HEADER_OFFSETS],
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(FLAG_NAMES).map(([ours, name]) => [name, FLAGS[ours as keyof typeof FLAGS]]),
  ),
  ...Object.fromEntries(Object.entries(COMMANDS).map(([name, number]) => [`DM_${name}`, number])),
  BLKGETDISKSEQ: 0x80081280,
  LOOP_CONFIGURE: LOOP_COMMANDS.CONFIGURE,
  LOOP_GET_STATUS64: LOOP_COMMANDS.GET_STATUS64,
  LOOP_SET_CAPACITY: LOOP_COMMANDS.SET_CAPACITY,
  LOOP_CTL_GET_FREE: LOOP_COMMANDS.CTL_GET_FREE,
  LOOP_MAJOR,
  'sizeof(struct loop_info64)': encodeLoopInfo('', { readOnly: false }).length,
  'sizeof(struct loop_config)': encodeLoopConfig(0, encodeLoopInfo('', { readOnly: false })).length,
  LO_FLAGS_AUTOCLEAR: encodeLoopInfo('', { readOnly: false }).readUInt32LE(52),
  'LO_FLAGS_AUTOCLEAR | LO_FLAGS_READ_ONLY': encodeLoopInfo('', { readOnly: true }).readUInt32LE(52),
};

test("every number is that of the kernel's headers", () => {
  const theirs = evaluateC(HEADERS, Object.keys(OURS));
  expect(Object.fromEntries([...theirs].map(([name, number]) => [name, Number(number)]))).toEqual(OURS);
});
