import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Xenstored } from '../../xen/xenstored.js';
import { executable } from '../support/distribution.js';
import { scratchFolder } from '../support/scratch.js';

const DISK = 'backend/vbd/3/51712';
const NODES = `/local/domain/0/${DISK}`;

const directory = scratchFolder();
let xenstored: Xenstored;

beforeAll(async () => {
  xenstored = await Xenstored.start();
  for (const name of ['block-dmfd', 'block-snapshot']) symlinkSync(executable(), join(directory, name));
  writeFileSync(join(directory, 'empty'), '');
  writeFileSync(join(directory, 'table'), '0 8 zero extra');
  mkdirSync(join(directory, 'folder'));
});

afterAll(() => xenstored.stop());

beforeEach(() => xenstored.command('rm', '/local'));

/** As libxl runs it. */
function hotplug(action: string, { script = 'block-dmfd', path = DISK, socket = xenstored.socket } = {}) {
  const { status, stdout, stderr } = spawnSync(join(directory, script), [action], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, XENBUS_PATH: path, XENBUS_TYPE: 'vbd', XENSTORED_PATH: socket },
  });
  return { status, stdout, stderr };
}

function write(nodes: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(nodes)) xenstored.command('write', `${NODES}/${name}`, value);
}

const WHOLE = { params: '/nowhere', mode: 'w', 'frontend-id': '3', state: '2' };

test.each<[what: string, nodes: Record<string, string>, error: RegExp]>([
  ['no such file', WHOLE, /^disk "\/nowhere": cannot find it: ENOENT/],
  ['junk in params', { ...WHOLE, params: 'phy:/a:b' }, /^params "phy:\/a:b": it is not PATH/],
  ['a relative path', { ...WHOLE, params: 'disk.img' }, /"disk.img" is not an absolute path/],
  ['an empty file', { ...WHOLE, params: 'DIR/empty' }, /it is empty/],
  ['a directory', { ...WHOLE, params: 'DIR/folder' }, /it is a directory, not a file or a block device/],
  ['a character device', { ...WHOLE, params: '/dev/null' }, /it is a character device/],
  [
    'an overlay over nothing',
    { ...WHOLE, params: 'overlay:/nowhere' },
    /overlay "\/nowhere": cannot find it/,
  ],
  ['noise to read', { ...WHOLE, mode: 'r', params: 'crypt:DIR/empty' }, /a read-only disk would be noise/],
  [
    'a COW that is nowhere',
    { ...WHOLE, params: 'crypt-overlay:DIR/empty:/nowhere' },
    /^cow "\/nowhere": cannot find it/,
  ],
  ['no table', { ...WHOLE, params: 'table:/nowhere' }, /table file \/nowhere: cannot read it: ENOENT/],
  ['junk in mode', { ...WHOLE, mode: 'rwx' }, /^mode "rwx": it has to be r, w, r! or w!/],
])('%s is told to the toolstack', (_what, nodes, error) => {
  const params = (nodes.params ?? '').replace('DIR', directory);
  write({ ...nodes, params });
  const { status, stdout, stderr } = hotplug('add');
  const { 'hotplug-error': told = '', ...others } = xenstored.below(NODES);
  expect(told.replaceAll('\\"', '"')).toMatch(error);
  expect(stderr.split('\n')[0]).toBe(`dmfd: ${told.replaceAll('\\"', '"')}`);
  expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
  expect(others).toEqual({ ...nodes, params, 'hotplug-status': 'error' });
});

test.each(['params', 'mode'])('a missing node %s is told', (name) => {
  const { [name]: _absent, ...nodes } = WHOLE as Record<string, string>;
  write(nodes);
  const { status, stderr } = hotplug('add');
  expect({ status, stderr }).toEqual({
    status: 125,
    stderr: `dmfd: ${DISK}/${name}: xenstore has no such node\n`,
  });
  expect(xenstored.below(NODES)).toEqual({
    ...nodes,
    'hotplug-error': `${DISK}/${name}: xenstore has no such node`,
    'hotplug-status': 'error',
  });
});

test('block-snapshot has params of its own', () => {
  write({ ...WHOLE, params: 'overlay:/nowhere' });
  expect(hotplug('add', { script: 'block-snapshot' })).toMatchObject({
    status: 125,
    stderr: expect.stringMatching(
      /"overlay" is not an absolute path\n {2}hint: it has to be BASE:COW or BASE:COW:COW2/,
    ),
  });
});

test('a disk that is being closed is not added', () => {
  write({ ...WHOLE, state: '6' });
  expect(hotplug('add')).toMatchObject({
    status: 125,
    stderr: `dmfd: ${DISK}: its state is 6, so it is being closed\n`,
  });
  expect(xenstored.below(NODES)).toMatchObject({ 'hotplug-status': 'busy' });
});

test('a disk that xenstore does not have is not made there by an error', () => {
  expect(hotplug('add')).toMatchObject({ status: 125, stderr: `dmfd: ${DISK}: it is gone from xenstore\n` });
  expect(() => xenstored.command('read', '/local')).toThrow();
});

test('a second run for a disk that has its device does nothing', () => {
  const nodes = { ...WHOLE, 'physical-device': 'fd:3' };
  write(nodes);
  expect(hotplug('add')).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(xenstored.below(NODES)).toEqual(nodes);
});

test.each([{}, { params: '/nowhere' }, { 'dmfd-made': 'junk 7 7:0 8:0@1 7:0@x -1:0@1' }])(
  'remove has nothing to wait for with %j',
  (nodes) => {
    write(nodes);
    expect(hotplug('remove')).toEqual({ status: 0, stdout: '', stderr: '' });
  },
);

/** Domain 4 has the disk, with a device that no machine has; the last nodes are its own. */
function writeOther(params: string, nodes: Readonly<Record<string, string>>): void {
  const disk = { params, mode: 'w', state: '4', 'dmfd-claims': 'w4095:7', 'dmfd-made': '4095:7@5=DMFD-7' };
  for (const [name, value] of Object.entries(disk))
    xenstored.command('write', `/local/domain/0/backend/vbd/4/51712/${name}`, value);
  for (const [name, value] of Object.entries(nodes))
    xenstored.command('write', `/local/domain/4/${name}`, value);
}

test('what is written to an overlay of a file does not get lost while its machine is migrated', () => {
  const nodes = { ...WHOLE, params: `overlay:${directory}/empty` };
  write(nodes);
  writeOther(nodes.params, { vm: '/vm/a' });
  xenstored.command('write', '/local/domain/3/vm', '/vm/a');
  expect(hotplug('add')).toMatchObject({
    status: 125,
    stderr: expect.stringMatching(/^dmfd: domain 4 is the same machine, and has this disk/),
  });
  const { 'hotplug-error': _told, ...others } = xenstored.below(NODES);
  expect(others).toEqual({ ...nodes, 'hotplug-status': 'busy' });
  write({ mode: 'w!' });
  expect(hotplug('add').stderr).toMatch(/it is empty/);
});

test('a disk whose device model has lost its device is refused, and claims nothing', () => {
  const nodes = { ...WHOLE, params: 'overlay:/nowhere' };
  write(nodes);
  writeOther(nodes.params, { target: '3' });
  expect(hotplug('add').status).toBe(125);
  const { 'hotplug-error': told, ...others } = xenstored.below(NODES);
  expect(told).toMatch(
    /^a domain and its device model have the same disks, and backend\/vbd\/4\/51712 has device 4095:7 \(DMFD-7\), which /,
  );
  expect(others).toEqual({ ...nodes, 'hotplug-status': 'busy' });
});

test('remove does not wait for what the device model has still', () => {
  write({ ...WHOLE, 'dmfd-made': '4095:7@5=DMFD-7' });
  writeOther(WHOLE.params, { target: '3' });
  expect(hotplug('remove')).toEqual({ status: 0, stdout: '', stderr: '' });
});

test.each(['add', 'remove'])('%s without a xenstored ends at once', (action) => {
  const { status, stderr } = hotplug(action, { socket: join(directory, 'nobody') });
  expect(status).toBe(125);
  expect(stderr).toMatch(
    /^dmfd: xenstore: it cannot be reached at .*nobody: ENOENT, .*\n {2}hint: is xenstored running/,
  );
});

test('what is no disk of a domain is refused', () => {
  expect(hotplug('add', { path: 'backend/vif/3/0' })).toEqual({
    status: 125,
    stdout: '',
    stderr:
      'dmfd: the variable XENBUS_PATH is "backend/vif/3/0"\n  hint: libxl sets it, to backend/vbd/DOMAIN/DEVICE; this command is not for people\n',
  });
  expect(hotplug('online')).toMatchObject({
    status: 125,
    stderr: expect.stringContaining('Allowed choices are add, remove'),
  });
});
