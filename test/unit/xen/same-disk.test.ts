import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Kernel } from '../../../src/kernel/kernel.js';
import { Deadline } from '../../../src/xen/deadline.js';
import { findOtherSide, isMadeForAnother, type SameDisk } from '../../../src/xen/same-disk.js';
import { type Nodes, XenStore } from '../../../src/xen/store.js';
import { parseVbd } from '../../../src/xen/vbd.js';
import { Xenstored } from '../../xen/xenstored.js';

let xenstored: Xenstored;

beforeAll(async () => {
  xenstored = await Xenstored.start();
  process.env.XENSTORED_PATH = xenstored.socket;
});

afterAll(async () => {
  delete process.env.XENSTORED_PATH;
  await xenstored.stop();
});

beforeEach(() => xenstored.command('rm', '/local'));

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
    if (value !== undefined) xenstored.command('write', `/local/domain/${path}`, value);
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
