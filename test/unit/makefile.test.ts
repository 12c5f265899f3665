import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout } from '../vm/harness/checkout.js';
import { scratchFolder } from './support/scratch.js';

test.each(['echo $HOME $$ $(id -u) "$1" $PATH', `awk '{ print $1 }' "it's" \\ # not a comment`])(
  'make vm RUN=… gets as it is to the guest: %s',
  (line) => {
    const directory = scratchFolder();
    // In the place of the virtual machine's shell.
    writeFileSync(join(directory, 'node'), '#!/bin/sh\nprintf %s "$RUN"\n');
    chmodSync(join(directory, 'node'), 0o755);
    const words = [
      '--silent',
      '--no-print-directory',
      '-C',
      checkout,
      '--old-file=vm-ready',
      'vm',
      `RUN=${line}`,
    ];
    const environment = { ...process.env, PATH: `${directory}:${process.env.PATH}` };
    expect(execFileSync('make', words, { env: environment, encoding: 'utf8' })).toBe(line);
  },
);
