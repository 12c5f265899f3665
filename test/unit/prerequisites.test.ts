import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { checkout } from '../vm/harness/checkout.js';
import { scratchFolder } from './support/scratch.js';

let folder: string;
beforeEach(() => {
  folder = scratchFolder();
});

test.each(['all', 'vm', 'package'])(
  'an arm64 machine is told that it cannot, and nothing is installed: %s',
  (group) => {
    program('uname', 'echo aarch64');
    program('apt-get', 'echo installed');
    expect(run('test/prerequisites.sh', group)).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'this needs an x86-64 machine; on this one (aarch64), "make install" builds and installs dmfd\n',
    });
  },
);

const LOCKED = 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt-get)';

test('apt-get is tried again while another one has a lock', () => {
  program('sleep', `echo slept >>${folder}/log`);
  program(
    'apt-get',
    `echo "$*" >>${folder}/log; [ "$(wc -l <${folder}/log)" -ge 5 ] || { echo "${LOCKED}" >&2; exit 100; }`,
  );
  expect(run('test/apt-get.sh', '-qq', 'install', 'a package')).toEqual({
    status: 0,
    stdout: '',
    stderr: '',
  });
  const [tried, slept] = ['-qq install a package\n', 'slept\n'];
  expect(log()).toBe([tried, slept, tried, slept, tried].join(''));
});

test('apt-get fails at once for any other reason', () => {
  program('sleep', `echo slept >>${folder}/log`);
  program('apt-get', `echo tried >>${folder}/log; echo 'E: Unable to locate package a' >&2; exit 100`);
  expect(run('test/apt-get.sh', 'install', 'a')).toEqual({
    status: 100,
    stdout: '',
    stderr: 'E: Unable to locate package a\n',
  });
  expect(log()).toBe('tried\n');
});

test('a lock that nobody gives back is told after ten minutes', () => {
  program('sleep', `echo "$1" >>${folder}/log`);
  program('apt-get', `echo "${LOCKED}" >&2; exit 100`);
  expect(run('test/apt-get.sh', 'update')).toEqual({ status: 100, stdout: '', stderr: `${LOCKED}\n` });
  const seconds = log().split('\n').map(Number);
  expect(seconds.reduce((sum, each) => sum + each)).toBe(580);
});

/** In the place of the machine's own. */
function program(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
}

function log(): string {
  return readFileSync(join(folder, 'log'), 'utf8');
}

function run(script: string, ...words: string[]) {
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  const { status, stdout, stderr } = spawnSync(join(checkout, script), words, { env, encoding: 'utf8' });
  return { status, stdout, stderr };
}
