import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, linkSync, openSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openersOf } from '../../../src/kernel/openers.js';
import { scratchFolder } from '../support/scratch.js';

test('who has a file open is found, by whatever name, and this process is not told', async () => {
  const directory = scratchFolder();
  const file = join(directory, 'file');
  const link = join(directory, 'link');
  writeFileSync(file, '');
  linkSync(file, link);
  const fd = openSync(link, 'r');
  const stats = statSync(file, { bigint: true });
  expect(openersOf(file, stats)).toEqual([]);
  const child = spawn('sleep', ['100'], { stdio: [fd, 'ignore', 'ignore'] });
  try {
    await once(child, 'spawn');
    expect(openersOf(file, stats)).toEqual([`process ${child.pid} (sleep)`]);
  } finally {
    child.kill();
    await once(child, 'close');
    closeSync(fd);
  }
});
