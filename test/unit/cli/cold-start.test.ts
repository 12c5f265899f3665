import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkout } from '../../vm/harness/checkout.js';
import { distribution } from '../support/distribution.js';

const TELL = fileURLToPath(new URL('./tell-loaded.cjs', import.meta.url));
const SHIM = ['libdmfd.so', expect.stringMatching(/^ffi-rs\..*\.node$/)];

// How long a start takes is made of what is loaded for it.
test.each<[what: string, words: string[], loaded: unknown[]]>([
  ['the version', ['--version'], ['process']],
  [
    'all of a creation but its calls to the kernel',
    ['create', '--dry-run', '--table', '0 8 zero'],
    ['process', 'os', ...SHIM],
  ],
])('%s loads no more than it uses', (_, words, loaded) => {
  const { stderr } = spawnSync(process.execPath, ['--require', TELL, `${checkout}/bin/dmfd.js`, ...words], {
    encoding: 'utf8',
    env: {},
  });
  expect(stderr.split(' ')).toHaveLength(loaded.length);
  expect(stderr.split(' ')).toEqual(expect.arrayContaining(loaded));
});

test('the command is one file, of no more bytes than it needs', () => {
  expect(statSync(distribution('command/dmfd.cjs')).size).toBeLessThan(245_000);
});
