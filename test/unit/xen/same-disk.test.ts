import { beforeEach, expect, test } from 'vitest';
import { Kernel } from '../../../src/kernel/kernel.js';
import { Deadline } from '../../../src/xen/deadline.js';
import type { DiskParams } from '../../../src/xen/params.js';
import {
  findOtherSide,
  isMadeForAnother,
  refuseMadeAnew,
  type SameDisk,
} from '../../../src/xen/same-disk.js';
import { type Nodes, XenStore } from '../../../src/xen/store.js';
import { parseVbd } from '../../../src/xen/vbd.js';
import { refusal } from '../support/refusal.js';
import { withXenstored } from '../support/xenstored.js';

const xenstored = withXenstored();

beforeEach(() => xenstored.now.command('rm', '/local'));

const OURS = parseVbd('backend/vbd/3/51712');
const THEIRS = '0/backend/vbd/4/51712';

/** Domain 4 is the device model of domain 3, and has its disk. */
const BOTH = {
  '0/backend/vbd/3/51712/params': 'overlay:/base',
  '0/backend/vbd/3/51712/mode': 'w',
  [`${THEIRS}/params`]: 'overlay:/base',
  [`${THEIRS}/mode`]: 'w',
  [`${THEIRS}/state`]: '4',
  [`${THEIRS}/dmfd-made`]: '253:3@15=DMFD-1 7:0@14',
  [`${THEIRS}/dmfd-claims`]: 'w253:3 r8:1',
  '3/vm': '/vm/a',
  '4/vm': '/vm/b',
  '4/target': '3',
};

function write(nodes: Readonly<Record<string, string | undefined>>): void {
  for (const [path, value] of Object.entries(nodes))
    if (value !== undefined) xenstored.now.command('write', `/local/domain/${path}`, value);
}

function look<T>(use: (nodes: Nodes) => T): T {
  return XenStore.with(new Kernel(), new Deadline(20_000), use);
}

const otherSide = (): SameDisk | undefined => look((nodes) => findOtherSide(nodes, OURS));

test.each([
  ['of its device model', {}],
  ['of the domain whose device model it is', { '4/target': undefined, '3/target': '4' }],
])('a disk has the device %s', (_what, nodes) => {
  write({ ...BOTH, ...nodes });
  expect(otherSide()).toEqual({
    vbd: { ...OURS, domain: 4, path: 'backend/vbd/4/51712' },
    made: [
      { major: 253, minor: 3, diskseq: 15n, uuid: 'DMFD-1' },
      { major: 7, minor: 0, diskseq: 14n, uuid: undefined },
    ],
    claims: [
      { major: 253, minor: 3, write: true },
      { major: 8, minor: 1, write: false },
    ],
  });
});

test.each<[what: string, nodes: Record<string, string | undefined>]>([
  ['the other domain is another machine', { '4/target': undefined }],
  [
    'another machine’s disk has bytes that are no text',
    { '4/target': undefined, [`${THEIRS}/params`]: '\\xff' },
  ],
  ['the other domain is the device model of another one', { '4/target': '5' }],
  ['it is the same machine, not its device model', { '4/target': undefined, '4/vm': '/vm/a' }],
  ['the other disk is another one', { [`${THEIRS}/params`]: 'overlay:/other' }],
  ['the other disk is only read', { [`${THEIRS}/mode`]: 'r' }],
  ['nothing was made for the other one', { [`${THEIRS}/dmfd-made`]: '' }],
  ['another script made the other one', { [`${THEIRS}/dmfd-made`]: undefined }],
])('a disk has a device of its own where %s', (_what, nodes) => {
  write({ ...BOTH, ...nodes });
  expect(otherSide()).toBeUndefined();
});

/** Domain 4 is migrated to this host, as domain 3. */
const MOVED = { ...BOTH, '4/target': undefined, '4/vm': '/vm/a' };
const ANEW: readonly DiskParams[] = [
  { form: 'overlay', base: '/base', cow: undefined },
  { form: 'overlay', base: '/base', cow: '/cow' },
  { form: 'crypt', path: '/plain' },
  { form: 'crypt-overlay', base: '/base', cow: '/cow' },
];

function makeAnew(params: DiskParams): void {
  look((nodes) => refuseMadeAnew(nodes, OURS, params));
}

test.each(ANEW)('%j is not made anew for a machine that has it', (params) => {
  write(MOVED);
  expect(refusal(() => makeAnew(params))).toMatchObject({
    code: 'backing-in-use',
    message: expect.stringMatching(
      /^domain 4 is the same machine, and has this disk \(backend\/vbd\/4\/51712\)/,
    ),
  });
});

test.each<[what: string, nodes: Record<string, string | undefined>, params?: DiskParams]>([
  ['has its content elsewhere', {}, { form: 'path', path: '/plain' }],
  ['is another machine’s', { '4/vm': '/vm/b' }],
  ['is its device model’s', { '4/target': '3' }],
  ['is none of dmfd’s', { [`${THEIRS}/dmfd-made`]: undefined }],
  ['is a block device as it is', { [`${THEIRS}/dmfd-made`]: '' }],
  ['is closing, as when the domain reboots', { [`${THEIRS}/state`]: '5' }],
  ['is closed', { [`${THEIRS}/state`]: '6' }],
  ['is of a domain that is gone', { '4/vm': undefined }],
  ['is of a machine that nobody can tell', { '3/vm': undefined, '4/vm': undefined }],
])('a disk is made where the other one %s', (_what, nodes, params = ANEW[0]) => {
  write({ ...MOVED, ...nodes });
  if (params !== undefined) makeAnew(params);
});

test.each([
  ['4', true],
  ['5', false],
  ['6', false],
])('what was made for another disk in state %s, too: %s', (state, expected) => {
  write({ ...BOTH, [`${THEIRS}/state`]: state });
  const isForAnother = (made: string) => look((nodes) => isMadeForAnother(nodes, OURS, made));
  expect(isForAnother('253:3@15=DMFD-1 7:0@14')).toBe(expected);
  expect(isForAnother('253:3@16=DMFD-2')).toBe(false);
});
