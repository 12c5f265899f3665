import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { DmfdError } from '../../../src/errors.js';
import { Kernel } from '../../../src/kernel/kernel.js';
import { listIfThere, readIfThere } from '../../../src/kernel/pseudo-files.js';
import { Deadline } from '../../../src/xen/deadline.js';
import { formatMade, parseMade } from '../../../src/xen/made.js';
import {
  type Claim,
  claimsOf,
  formatClaims,
  parseClaims,
  refuseUsedElsewhere,
} from '../../../src/xen/sharing.js';
import { XenStore } from '../../../src/xen/store.js';
import { parseVbd } from '../../../src/xen/vbd.js';
import { refusal } from '../support/refusal.js';
import { scratchFolder } from '../support/scratch.js';
import { withXenstored } from '../support/xenstored.js';

const xenstored = withXenstored();

beforeEach(() => xenstored.now.command('rm', '/local'));

/** Numbers that no machine has. */
const device = (minor: number, write: boolean): Claim => ({ major: 4095, minor, write });
const OURS = parseVbd('backend/vbd/3/51712');

function write(nodes: Readonly<Record<string, string>>): void {
  for (const [path, value] of Object.entries(nodes))
    xenstored.now.command('write', `/local/domain/${path}`, value);
}

function look(claims: readonly Claim[]): void {
  XenStore.with(new Kernel(), new Deadline(20_000), (store) =>
    store.transaction((nodes) => refuseUsedElsewhere(nodes, OURS, claims)),
  );
}

test.each<[what: string, nodes: Record<string, string>, claims: Claim[]]>([
  ['nobody has a disk', {}, [device(1, true)]],
  ['this is the disk itself', { '0/backend/vbd/3/51712/physical-device': 'fff:1' }, [device(1, true)]],
  ['others have other disks', { '0/backend/vbd/4/51712/physical-device': 'fff:2' }, [device(1, true)]],
  [
    'others only read, too',
    { '0/backend/vbd/4/1/physical-device': 'fff:1', '0/backend/vbd/4/1/mode': 'r' },
    [device(1, false)],
  ],
  [
    'others tell that they only read it',
    { '0/backend/vbd/4/1/physical-device': 'fd:1', '0/backend/vbd/4/1/dmfd-claims': 'm253:1 r4095:1' },
    [device(1, false)],
  ],
  [
    'the other is the same machine',
    { '0/backend/vbd/4/1/physical-device': 'fff:1', '3/vm': '/vm/a', '4/vm': '/vm/a' },
    [device(1, true)],
  ],
  [
    'the other is its device model',
    { '0/backend/vbd/4/1/physical-device': 'fff:1', '3/vm': '/vm/a', '4/vm': '/vm/b', '4/target': '3' },
    [device(1, true)],
  ],
  [
    'this is the device model of the other',
    { '0/backend/vbd/4/1/physical-device': 'fff:1', '3/vm': '/vm/a', '3/target': '4', '4/vm': '/vm/b' },
    [device(1, true)],
  ],
  [
    'the other domain is gone',
    { '0/backend/vbd/4/1/physical-device': 'fff:1', '3/vm': '/vm/a' },
    [device(1, true)],
  ],
  [
    'what was made for another is gone, and another device may have its number',
    {
      '0/backend/vbd/4/1/dmfd-claims': 'w4095:1 r4095:2',
      '0/backend/vbd/4/1/dmfd-made': '4095:1@9=DMFD-1 7:9999@8',
      '4/vm': '/vm/b',
    },
    [device(1, true)],
  ],
  [
    'the other has no device yet',
    { '0/backend/vbd/4/1/params': '/dev/x', '4/vm': '/vm/b' },
    [device(1, true)],
  ],
  [
    'the other has junk',
    {
      '0/backend/vbd/4/1/physical-device': 'x',
      '0/backend/vbd/4/2/dmfd-claims': 'w x r w1:',
      '4/vm': '/vm/b',
    },
    [device(1, true)],
  ],
])('a disk may be used where %s', (_what, nodes, claims) => {
  write(nodes);
  look(claims);
});

const ALIVE = { '3/vm': '/vm/a', '4/vm': '/vm/b' };

test.each<[what: string, nodes: Record<string, string>, claims: Claim[], message: RegExp]>([
  [
    'another writes to it',
    { '0/backend/vbd/4/1/physical-device': 'fff:1', '0/backend/vbd/4/1/mode': 'w' },
    [device(1, false)],
    /4095:1: it is in use by domain 4 \(backend\/vbd\/4\/1\); it cannot be read/,
  ],
  [
    'it is what was made for another',
    { '0/backend/vbd/4/1/dmfd-claims': 'm4095:1 r4095:2' },
    [device(1, false)],
    /4095:1: .*; it cannot be read/,
  ],
  [
    'another reads it',
    { '0/backend/vbd/4/1/physical-device': 'FFF:1', '0/backend/vbd/4/1/mode': 'r' },
    [device(1, true)],
    /4095:1: .*; it cannot be written to/,
  ],
  [
    'another has said nothing of its mode',
    { '0/backend/vbd/4/1/physical-device': 'fff:1' },
    [device(1, false)],
    /in use by domain 4/,
  ],
  [
    'another stands on it',
    { '0/backend/vbd/4/1/physical-device': 'fd:1', '0/backend/vbd/4/1/dmfd-claims': 'w253:1 r4095:1' },
    [device(1, true)],
    /4095:1/,
  ],
  [
    'a kernel that counts no disks cannot tell whether what was made for another is gone',
    { '0/backend/vbd/4/1/dmfd-claims': 'w4095:1', '0/backend/vbd/4/1/dmfd-made': '4095:1@0=DMFD-1' },
    [device(1, false)],
    /in use by domain 4/,
  ],
  [
    'nothing is known to have been made for the other',
    { '0/backend/vbd/4/1/dmfd-claims': 'w4095:1', '0/backend/vbd/4/1/dmfd-made': '' },
    [device(1, false)],
    /in use by domain 4/,
  ],
  [
    'one of several is taken',
    { '0/backend/vbd/4/7/physical-device': 'fff:9' },
    [device(1, false), device(9, true)],
    /4095:9.*backend\/vbd\/4\/7/,
  ],
])('a disk is refused where %s', (_what, nodes, claims, message) => {
  write({ ...ALIVE, ...nodes });
  expect(refusal(() => look(claims))).toMatchObject({
    code: 'backing-in-use',
    message: expect.stringMatching(message),
  });
});

/** A device that this machine has, as if it had been made for a disk: 8:0@9=DMFD-1. */
const [there] = listIfThere('/sys/dev/block').flatMap((number) => {
  const diskseq = readIfThere(`/sys/dev/block/${number}/diskseq`).trim();
  return diskseq === '' ? [] : [`${number}@${diskseq}=DMFD-1`];
});

test.runIf(there !== undefined)('a disk is refused while what was made for another is there', () => {
  const other = '0/backend/vbd/4/1';
  write({ ...ALIVE, [`${other}/dmfd-claims`]: 'w4095:1', [`${other}/dmfd-made`]: `${there} 7:9999@8` });
  expect(refusal(() => look([device(1, true)]))).toMatchObject({ code: 'backing-in-use' });
  write({ [`${other}/dmfd-made`]: `${there?.replace('@', '@9')} 7:9999@8` });
  look([device(1, true)]);
});

test('a domain without a machine’s name is another one than this', () => {
  write({ '0/backend/vbd/4/1/physical-device': 'fff:1', '4/name': 'old' });
  expect(refusal(() => look([device(1, true)]))).toMatchObject({ code: 'backing-in-use' });
});

/** Throws as xenstore does in a driver domain, which may not read what is below other domains. */
function refuseOthers(path: string, allowed: string): void {
  if (path === allowed || !/^\/local\/domain\/[34]\b/.test(path)) return;
  throw new DmfdError('xenstore-failed', `xenstore: ${path}: EACCES`, { errno: 'EACCES' });
}

function lookInDriverDomain(claims: readonly Claim[], allowed: string): void {
  XenStore.with(new Kernel(), new Deadline(20_000), (store) =>
    store.transaction((nodes) => {
      const read = (path: string) => {
        refuseOthers(path, allowed);
        return nodes.read(path);
      };
      const list = (path: string) => {
        refuseOthers(path, allowed);
        return nodes.list(path);
      };
      refuseUsedElsewhere({ ...nodes, read, list }, OURS, claims);
    }),
  );
}

test.each([
  ['nothing of other domains', ''],
  ['the machine of the other domain alone', '/local/domain/4/vm'],
])('a driver domain that can read %s refuses what the other has', (_what, allowed) => {
  write({ ...ALIVE, '0/backend/vbd/4/1/physical-device': 'fff:1' });
  expect(refusal(() => lookInDriverDomain([device(1, true)], allowed))).toMatchObject({
    code: 'backing-in-use',
  });
});

test('a domain of which the machine cannot be read, and which is known to be gone', () => {
  write({ '0/backend/vbd/4/1/physical-device': 'fff:1' });
  lookInDriverDomain([device(1, true)], '/local/domain/4');
});

test('of two that claim a device at the same time, the second sees the first', () => {
  write(ALIVE);
  let runs = 0;
  const error = refusal(() =>
    XenStore.with(new Kernel(), new Deadline(20_000), (store) =>
      store.transaction((nodes) => {
        runs++;
        refuseUsedElsewhere(nodes, OURS, [device(1, true)]);
        write({ '0/backend/vbd/4/1/physical-device': 'fff:1' });
        nodes.write(`${OURS.path}/physical-device`, 'fff:1');
      }),
    ),
  );
  expect(error).toMatchObject({ code: 'backing-in-use' });
  expect(runs).toBe(2);
  expect(xenstored.now.below('/local/domain/0/backend/vbd')).toEqual({
    '4': '',
    '4/1': '',
    '4/1/physical-device': 'fff:1',
  });
});

test.runIf(process.getuid?.() === 0)('a disk line claims the block devices that it names', () => {
  const folder = scratchFolder();
  const node = (name: string, minor: number) => {
    execFileSync('mknod', [join(folder, name), 'b', '4095', String(minor)]);
    return join(folder, name);
  };
  const [a, b, c] = [node('a', 1), node('b', 2), node('c', 3)];
  const named = (path: string, minor: number, write: boolean) => ({ ...device(minor, write), path });
  const rw = { readOnly: false, shared: false };
  const ro = { readOnly: true, shared: false };
  expect(claimsOf({ form: 'path', path: a }, rw)).toEqual([named(a, 1, true)]);
  expect(claimsOf({ form: 'path', path: a }, ro)).toEqual([named(a, 1, false)]);
  expect(claimsOf({ form: 'path', path: folder }, rw)).toEqual([]);
  expect(claimsOf({ form: 'overlay', base: a, cow: undefined }, rw)).toEqual([named(a, 1, false)]);
  expect(claimsOf({ form: 'overlay', base: a, cow: b }, ro)).toEqual([named(a, 1, false), named(b, 2, true)]);
  expect(claimsOf({ form: 'crypt', path: a }, rw)).toEqual([named(a, 1, true)]);
  expect(claimsOf({ form: 'crypt-overlay', base: a, cow: b }, rw)).toEqual([
    named(a, 1, false),
    named(b, 2, true),
  ]);
  expect(claimsOf({ form: 'snapshot', base: a, cow: b, top: c }, rw)).toEqual([
    named(a, 1, false),
    named(b, 2, true),
    named(c, 3, true),
  ]);
});

test('claims, and what was made, are read as they were written', () => {
  const claims = [device(1, true), device(1_048_575, false)];
  expect(formatClaims(claims)).toBe('w4095:1 r4095:1048575');
  expect(parseClaims(formatClaims(claims))).toEqual(claims);
  expect(parseClaims('')).toEqual([]);
  const made = [
    { major: 253, minor: 3, diskseq: 2n ** 64n - 1n, uuid: 'DMFD-1' },
    { major: 7, minor: 0, diskseq: 0n, uuid: undefined },
  ];
  expect(formatMade(made)).toBe('253:3@18446744073709551615=DMFD-1 7:0@0');
  expect(parseMade(formatMade(made))).toEqual(made);
  expect(parseMade('')).toEqual([]);
  // Only loop devices have no UUID.
  expect(parseMade('8:0@5')).toEqual([]);
});
