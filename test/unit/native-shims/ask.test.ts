import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { program } from '../../programs.js';
import { scratchFolder } from '../support/scratch.js';

/** It mostly waits; beside what keeps all processors busy, for long. */
const PATIENCE_MS = 120_000;

/** The launcher's half and the service's, with a program around them, under AddressSanitizer, LeakSanitizer and UBSan. */
function runDriver(): { stdout: string; stderr: string; status: number | null } {
  const directory = scratchFolder();
  mkdirSync(join(directory, 'dist/command'), { recursive: true });
  writeFileSync(join(directory, 'dist/command/dmfd.cjs'), '');
  return spawnSync(program('ask'), [directory], { encoding: 'utf8', timeout: PATIENCE_MS });
}

test('a launcher does what the service says, and becomes Node where that says nothing, or nonsense', {
  timeout: PATIENCE_MS,
}, () => {
  const { stdout, stderr, status } = runDriver();
  expect(stderr).toBe('');
  const lines = stdout.split('\n');
  const cut = lines.filter((line) => line.startsWith('starts what is cut short'));
  expect(cut.length).toBeGreaterThan(5);
  expect(new Set(cut)).toEqual(new Set(['starts what is cut short: Node']));
  expect(lines.filter((line) => !cut.includes(line))).toEqual([
    'no socket: Node',
    'half accepted in time: Node',
    'half accepted in time: was asked nothing',
    'not read in time: Node',
    'not read in time: ECONNRESET',
    'not accepted in time: Node',
    'not accepted in time: was asked nothing',
    'cold: Node',
    'not served: Node',
    'asked: 3 words, 2 variables, umask 27: pid=1 create -- true A=1 B=; no more',
    'the peer: equal',
    'closed at once: Node',
    'ends unaccepted: Node',
    'ends unaccepted: was asked nothing',
    'says nothing: Node',
    'declines: Node',
    'accepts twice: Node',
    'ends: status 7',
    'ends below zero: Node',
    'says what nobody says: Node',
    'says too much: Node',
    'promises a descriptor: Node',
    'sends unannounced: Node',
    'said',
    'writes and ends: status 0',
    'said, and no more',
    'writes and goes: went away',
    'not written: ENOSPC',
    'writes to a full one: status 3',
    'writes to a closed one: status 4',
    '/dev/zero',
    ...['0', '1', '2', '8'],
    'starts: status 5',
    '/dev/zero',
    '40',
    'starts above the limit: status 5',
    'starts without what is withheld: status 5',
    'starts what is killed: signal 15',
    '/dev/zero',
    ...['0', '1', '2', '8'],
    'becomes: status 6',
    'not run: ENOENT, by execve',
    'starts what is missing: status 127',
    'not run: ENOENT, by execve',
    'becomes what is missing: status 127',
    'starts without: Node',
    'starts with many: Node',
    'starts unterminated: Node',
    'asked well: understood',
    'asked nothing: ECONNRESET',
    'asked half a head: ECONNRESET',
    'asked by another protocol: EPROTO',
    'asked without a directory: EPROTO',
    'asked without a body: EPROTO',
    'asked half a body: ECONNRESET',
    'asked without an end: EPROTO',
    'asked too much: E2BIG',
    'occupies the lowest number: yes, another: yes, one that is taken: EBUSY',
    'told to end: ECANCELED',
    'nobody listens: Node',
    'descriptors left open: 0',
    '',
  ]);
  expect(status).toBe(0);
});
