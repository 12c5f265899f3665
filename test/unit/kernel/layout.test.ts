import { DataType, load, open } from 'ffi-rs';
import { expect, test } from 'vitest';
import {
  CALLER,
  COMMAND,
  CREATION,
  DESCRIPTOR_BYTES,
  EXPECTED_LAYOUT,
  PID_ROOM,
  SCRATCH_FIELD,
} from '../../../src/kernel/layout.js';
import { evaluateC } from '../support/compile.js';
import { shimLibrary } from '../support/distribution.js';

test('the built shim has the layout that is written here', () => {
  const room = EXPECTED_LAYOUT.length + 8;
  const numbers = Buffer.alloc(4 * room);
  open({ library: 'dmfd-under-test', path: shimLibrary() });
  const count = load({
    library: 'dmfd-under-test',
    funcName: 'dmfd_layout',
    retType: DataType.I32,
    paramsType: [DataType.U8Array, DataType.I32],
    paramsValue: [numbers, room],
  });
  expect(count).toBe(EXPECTED_LAYOUT.length);
  expect(Array.from({ length: room }, (_, index) => numbers.readUInt32LE(4 * index))).toEqual([
    ...EXPECTED_LAYOUT,
    ...Array(8).fill(0),
  ]);
});

const CREATION_FIELDS: Readonly<Partial<Record<keyof typeof CREATION, string>>> = {
  control: 'control',
  mode: 'mode',
  readOnly: 'read_only',
  keySource: 'key_source',
  scratch: 'scratch',
  keySize: 'key_size',
  keyFd: 'key_fd',
  keyringAllowed: 'keyring_allowed',
  create: 'create',
  status: 'status',
  remove: 'remove',
  resume: 'resume',
  fd: 'fd',
  failedStep: 'failed_step',
  fromKernel: 'from_kernel',
  diskseqProved: 'diskseq_proved',
  dev: 'dev',
  diskseq: 'diskseq',
  size: 'size',
  answer: 'answer',
  shieldsKilled: 'shields_killed',
  traceCount: 'trace_count',
  keyGiven: 'key_given',
  keyringError: 'keyring_error',
  trace: 'trace',
};
const COMMAND_FIELDS: Readonly<Partial<Record<keyof typeof COMMAND, string>>> = {
  argc: 'argc',
  envc: 'envc',
  stringsSize: 'strings_size',
  descriptorCount: 'descriptor_count',
  pidAt: 'pid_at',
  exitCode: 'exit_code',
  signal: 'signal',
  reachedExecve: 'reached_execve',
};

const CALLER_FIELDS: Readonly<Partial<Record<keyof typeof CALLER, string>>> = {
  known: 'known',
  ignored: 'ignored',
  blocked: 'blocked',
  pending: 'pending',
  softDescriptors: 'soft_descriptors',
  hardDescriptors: 'hard_descriptors',
};

test('every number is that of the C compiler', () => {
  const expected = new Map<string, number>([
    ...offsets('struct dmfd_creation', CREATION_FIELDS, CREATION),
    ...offsets('struct dmfd_command', COMMAND_FIELDS, COMMAND),
    ...offsets('struct dmfd_caller', CALLER_FIELDS, CALLER),
    ['sizeof(struct dmfd_caller)', CALLER.bytes],
    ['offsetof(struct dmfd_command, caller)', 0],
    ['sizeof(struct dmfd_descriptor)', DESCRIPTOR_BYTES],
    ['offsetof(struct dmfd_descriptor, source)', 0],
    ['offsetof(struct dmfd_descriptor, target)', 4],
    ['DMFD_PID_ROOM', PID_ROOM],
    ['sizeof(struct dmfd_creation)', CREATION.bytes],
    ['sizeof(struct dmfd_command)', COMMAND.bytes],
    ['sizeof(struct dmfd_trace_entry)', CREATION.traceEntrySize],
    ['DMFD_TRACE_MAX', CREATION.traceMax],
    ['sizeof(((struct dmfd_creation *)0)->scratch)', SCRATCH_FIELD],
  ]);
  // No number is left out, whatever is added to the tables.
  const named = [CREATION_FIELDS, COMMAND_FIELDS, CALLER_FIELDS].flatMap((fields) => Object.keys(fields));
  const numbered = [CREATION, COMMAND, CALLER].flatMap((numbers) => Object.keys(numbers));
  expect(named.length + 5).toBe(numbered.length);
  const actual = evaluateC(['"dmfd.h"'], [...expected.keys()]);
  expect(Object.fromEntries(actual)).toEqual(
    Object.fromEntries([...expected].map(([expression, number]) => [expression, BigInt(number)])),
  );
});

function offsets<Key extends string>(
  struct: string,
  fields: Readonly<Partial<Record<Key, string>>>,
  numbers: Readonly<Record<Key, number>>,
): [string, number][] {
  return (Object.entries(fields) as [Key, string][]).map(([key, field]) => [
    `offsetof(${struct}, ${field})`,
    numbers[key],
  ]);
}
