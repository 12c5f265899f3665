import { beforeEach, expect, test } from 'vitest';
import { Kernel } from '../../../src/kernel/kernel.js';
import { addDisk } from '../../../src/xen/add.js';
import { parseVbd } from '../../../src/xen/vbd.js';
import { refusal } from '../support/refusal.js';
import { withXenstored } from '../support/xenstored.js';

const xenstored = withXenstored();

const DISK = 'backend/vbd/3/51712';
const NODES = `/local/domain/0/${DISK}`;
const LINE = { params: 'table:/t', mode: 'w', state: '2' };

beforeEach(() => {
  xenstored.now.command('rm', '/local');
  write(NODES, LINE);
});

function write(path: string, nodes: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(nodes)) xenstored.now.command('write', `${path}/${name}`, value);
}

/** @param whileRead happens while the table is read */
function add(text: string, whileRead: () => void = () => {}): void {
  addDisk(new Kernel(), parseVbd(DISK), {
    syntax: 'dmfd',
    readTable: (label) => {
      whileRead();
      return { label, text };
    },
    beforePublishing: () => {},
  });
}

test('what a table names is looked at before the device is made, which this machine could not', () => {
  write('/local/domain', { '3/vm': '/vm/a', '4/vm': '/vm/b' });
  write('/local/domain/0/backend/vbd/4/51712', { 'physical-device': 'fff:2', mode: 'w' });
  expect(refusal(() => add('0 8 snapshot 4095:1 4095:2 P 8'))).toMatchObject({
    code: 'backing-in-use',
    message: expect.stringContaining('4095:2: it is in use by domain 4'),
  });
  const { 'hotplug-error': _told, ...others } = xenstored.now.below(NODES);
  expect(others).toEqual({ ...LINE, 'hotplug-status': 'busy' });
});

test.each([
  ['params', 'table:/other'],
  ['mode', 'r'],
])('a disk that is attached anew with another %s while an old script works is left alone', (name, value) => {
  const anew = { ...LINE, [name]: value, 'dmfd-claims': 'r4095:3' };
  const error = refusal(() =>
    add('0 8 linear 4095:1 0', () => {
      xenstored.now.command('rm', NODES);
      write(NODES, anew);
    }),
  );
  expect(error).toMatchObject({
    code: 'xen-disk-withdrawn',
    message: `${DISK}: another disk is asked for there`,
  });
  expect(xenstored.now.below(NODES)).toEqual(anew);
});

test('a node that cannot be read is told of', () => {
  xenstored.now.command('write', `${NODES}/params`, '\\xff');
  expect(refusal(() => add('')).message).toBe(`xenstore: ${DISK}/params: it is not valid UTF-8`);
  expect(xenstored.now.below(NODES)).toMatchObject({ 'hotplug-status': 'error' });
});
