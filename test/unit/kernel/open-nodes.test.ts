import { closeSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { harmlessMounts, openNodes } from '../../../src/kernel/open-nodes.js';
import { readIfThere } from '../../../src/kernel/pseudo-files.js';

test('an open file in memory or on a disk may be looked at; one elsewhere, a socket or a pipe may not', () => {
  const opened = ['/dev/null', '/proc/self/status', '/sys/kernel/uevent_seqnum'].map((path) =>
    openSync(path, 'r'),
  );
  try {
    const [inMemory, inProc, inSys] = opened.map((fd) => `/proc/${process.pid}/fd/${fd}`);
    const nodes = openNodes(String(process.pid), new Set());
    expect(nodes).toContain(inMemory);
    expect(nodes).not.toContain(inProc);
    expect(nodes).not.toContain(inSys);
  } finally {
    for (const fd of opened) closeSync(fd);
  }
});

test('mounts of /proc and /sys are left out, whatever their options', () => {
  const lines = readIfThere('/proc/self/mountinfo').trim().split('\n');
  const numbersOf = (pattern: RegExp): string[] =>
    lines.filter((line) => pattern.test(line)).map((line) => line.split(' ')[0] ?? '');
  const harmless = harmlessMounts('self');
  for (const number of numbersOf(/ - (proc|sysfs|overlay|9p|nfs4?|fuse\S*) /))
    expect(harmless).not.toContain(number);
  for (const number of numbersOf(/ - (tmpfs|devtmpfs) /)) expect(harmless).toContain(number);
  expect(harmless.size).toBeGreaterThan(0);
});

test('a process that is gone has none', () => {
  expect(openNodes('999999999', new Set())).toEqual([]);
});
