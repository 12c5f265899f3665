import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout, vmFile } from '../../vm/harness/checkout.js';
import { runCFile } from '../support/compile.js';

test('where no private node opens the device, its own answer is told, or else why none could be made', () => {
  // Of /dev, /run, /dev/shm, /tmp and /var/tmp: "-" is not there, "r" is read-only, "p" forbids to make nodes, "d" is mounted
  // nodev; "x" and "g" are the device's answers, ENXIO and, of a device cgroup, EPERM; "+" opens it.
  expect(runCFile(new URL('./node.c', import.meta.url))).toEqual([
    '+----: open, made 1',
    'r+---: open, made 1',
    'd+---: open, made 2',
    'ddddd: EACCES, made 5',
    'xdddd: ENXIO, made 1',
    'dxddd: ENXIO, made 2',
    'gpppp: EPERM, made 1',
    'ppppp: EPERM, made 0',
    'pppp-: EPERM, made 0',
    '-p---: EPERM, made 0',
    'rpppp: EROFS, made 0',
    '-----: ENOENT, made 0',
    'p--d-: EPERM, made 1',
  ]);
});

test('what looks for private nodes that were left looks where they are made', () => {
  const source = readFileSync(join(checkout, 'native-shims/device/node.c'), 'utf8');
  const [, made = ''] = /\bplaces\[\] = \{ (.*) \};/.exec(source) ?? [];
  const looked = execFileSync('sh', ['-c', '. "$0"; echo $PRIVATE_PLACES', vmFile('scenarios/leftovers.sh')]);
  expect(made.split(', ')).toEqual(
    String(looked)
      .trim()
      .split(' ')
      .map((place) => `"${place}/"`),
  );
});
