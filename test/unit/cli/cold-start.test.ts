import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Script } from 'node:vm';
import { expect, test } from 'vitest';
import { checkout } from '../../vm/harness/checkout.js';
import { distribution } from '../support/distribution.js';
import { scratchFolder } from '../support/scratch.js';

const TELL = fileURLToPath(new URL('./tell-loaded.cjs', import.meta.url));
const SHIM = ['libdmfd.so', expect.stringMatching(/^ffi-rs\..*\.node$/)];

function runNode(...words: string[]): { stdout: string; stderr: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync(process.execPath, words, { encoding: 'utf8', env: {} });
  return { stdout, stderr, status };
}

// How long a start takes is made of what is loaded for it.
test.each<[what: string, words: string[], loaded: unknown[]]>([
  ['the version', ['--version'], ['vm', 'process']],
  [
    'all of a creation but its calls to the kernel',
    ['create', '--dry-run', '--table', '0 8 zero'],
    ['vm', 'process', 'os', ...SHIM],
  ],
])('%s loads no more than it uses', (_, words, loaded) => {
  const { stderr } = runNode('--require', TELL, `${checkout}/bin/dmfd.js`, ...words);
  expect(stderr.split(' ')).toHaveLength(loaded.length);
  expect(stderr.split(' ')).toEqual(expect.arrayContaining(loaded));
});

test('the command is one file, of no more bytes than it needs', () => {
  expect(statSync(distribution('command/dmfd.cjs')).size).toBeLessThan(282_000);
});

test('a Node that is too old is named, whatever that one knows', () => {
  // It has no module of this form of name, and fails to load the command before that says anything.
  const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '12.22.12' } });
    const { _load } = module.constructor;
    module.constructor._load = (name, ...rest) => {
      if (name.startsWith('node:')) throw new Error(name);
      return _load(name, ...rest);
    };`;
  const top = scratchFolder();
  writeFileSync(join(top, 'old.cjs'), old);
  expect(runNode('--require', join(top, 'old.cjs'), join(checkout, 'bin/dmfd.js'), '--version')).toEqual({
    stdout: '',
    stderr:
      `dmfd: ${process.execPath} is Node 12.22.12, and dmfd needs 20 or later\n` +
      '  hint: install a later one, and have it before this one on the PATH\n',
    status: 125,
  });
});

/** What bin/dmfd.js is to another file than Node. */
interface Launched {
  cachePath(): string;
  compile(cachedData?: Buffer): Script;
}

test('what V8 makes of compiling the command is kept for it and for this Node alone, and not needed', () => {
  const top = scratchFolder();
  const files = [
    'bin/dmfd.js',
    'bin/compile.js',
    'bin/package.json',
    'package.json',
    'dist/command/dmfd.cjs',
  ];
  for (const file of files) {
    mkdirSync(dirname(join(top, file)), { recursive: true });
    cpSync(join(checkout, file), join(top, file));
  }
  // What it compiles is what it goes through, with the shim.
  for (const folder of ['node_modules', 'native-shims'])
    symlinkSync(join(checkout, folder), join(top, folder));
  const script = join(top, 'bin/dmfd.js');
  const version = { stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '', status: 0 };
  expect(runNode(script, '--version')).toEqual(version);
  expect(runNode(join(top, 'bin/compile.js'))).toEqual({ stdout: '', stderr: '', status: 0 });
  const { cachePath, compile }: Launched = createRequire(import.meta.url)(script);
  const kept = readFileSync(cachePath());
  expect(statSync(cachePath()).mode & 0o777).toBe(0o644);
  expect(compile(kept).cachedDataRejected).toBe(false);
  expect(runNode(script, '--version')).toEqual(version);
  for (const useless of ['', kept.subarray(0, 100_000), Buffer.alloc(kept.length)]) {
    writeFileSync(cachePath(), useless);
    expect(runNode(script, '--version')).toEqual(version);
  }
  const before = cachePath();
  utimesSync(join(top, 'dist/command/dmfd.cjs'), 1, 1);
  expect(cachePath()).not.toBe(before);
});
