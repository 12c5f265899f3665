import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Kernel } from '../../../src/kernel/kernel.js';
import { loadModule } from '../../../src/kernel/modprobe.js';
import type { Step } from '../../../src/kernel/step.js';
import { distribution } from '../support/distribution.js';
import { scratchFolder } from '../support/scratch.js';

test('a module that is nowhere is told by modprobe', () => {
  const steps: Step[] = [];
  const complaint = loadModule(new Kernel((step) => steps.push(step)), 'dmfd-nonexistent');
  expect(complaint).toMatch(/^modprobe: /);
  expect(steps.map(({ what }) => what)).toEqual(['modprobe dmfd-nonexistent']);
});

test.each(['', ':', '.', undefined])('nothing along PATH is called: PATH=%s', (path) => {
  const directory = scratchFolder();
  writeFileSync(join(directory, 'modprobe'), '#!/bin/sh\ntouch called\n', { mode: 0o755 });
  const script = `import { loadModule } from ${JSON.stringify(distribution('kernel/modprobe.js'))};
    import { Kernel } from ${JSON.stringify(distribution('kernel/kernel.js'))};
    import { existsSync } from 'node:fs';
    console.log(loadModule(new Kernel(), 'dmfd-nonexistent'), existsSync('called'));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: directory,
    env: path === undefined ? {} : { PATH: path === '.' ? directory : path, MODPROBE_OPTIONS: '--version' },
    encoding: 'utf8',
  });
  expect(stdout + stderr).toMatch(/^modprobe: .* false\n$/);
});
