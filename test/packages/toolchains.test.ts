import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { scratchFolder } from '../unit/support/scratch.js';
import { checkout } from '../vm/harness/checkout.js';

/** A build takes half a minute, and on a busy machine several. */
vi.setConfig({ testTimeout: 10 * 60_000 });

let top: string;
beforeEach(() => {
  top = scratchFolder();
});

test('clang builds it', () => {
  build('CC=clang');
  expect(needed('dmfd')).toEqual([]);
  expect(run()).toBe('0 2048 zero\n');
});

test("a distribution's own flags stand", () => {
  build('CC=gcc', 'CFLAGS=-O2 -D_FORTIFY_SOURCE=3 -Werror');
  expect(needed('dmfd')).toEqual([]);
  expect(run()).toBe('0 2048 zero\n');
});

test('without a static C library, the launcher is a dynamic program', () => {
  const compiler = join(top, 'cc');
  writeFileSync(
    compiler,
    '#!/bin/sh\nfor word; do [ "$word" != -static ] || { echo no static library >&2; exit 1; }; done\nexec gcc "$@"\n',
  );
  chmodSync(compiler, 0o755);
  build(`CC=${compiler}`);
  expect(needed('dmfd')).toEqual(['libc.so.6']);
  expect(run()).toBe('0 2048 zero\n');
});

test('built for 32-bit Arm without a warning, the library locks and allocates beyond 4 GiB', () => {
  const cc = 'arm-linux-gnueabihf-gcc';
  const [folder, program, file] = [join(top, 'arm'), join(top, 'beyond'), join(top, 'file')];
  make(folder, `CC=${cc}`, 'CFLAGS=-O2 -Werror');
  const source = join(checkout, 'test/packages/beyond.c');
  const flags = ['-D_GNU_SOURCE', '-D_FILE_OFFSET_BITS=64', `-I${join(checkout, 'native-shims')}`];
  execFileSync(cc, [...flags, '-o', program, source, join(folder, 'libdmfd.so'), `-Wl,-rpath,${folder}`]);
  const run = ['-L', '/usr/arm-linux-gnueabihf', program, file];
  expect(execFileSync('qemu-arm-static', run, { encoding: 'utf8' })).toBe(
    '4-byte pointers: claimed 64, seen 64, allocated 0\n',
  );
  expect(statSync(file).size).toBe(5 * 2 ** 30 + 2 ** 20);
});

/** Builds launcher and library into a package that has all else, and fails on any warning. */
function build(...variables: string[]): void {
  make(join(top, 'native-shims/build'), ...variables);
  mkdirSync(join(top, 'dist'));
  for (const path of ['bin', 'dist/command', 'package.json'])
    cpSync(join(checkout, path), join(top, path), { recursive: true, verbatimSymlinks: true });
  symlinkSync(join(checkout, 'node_modules'), join(top, 'node_modules'));
}

function make(folder: string, ...variables: string[]): void {
  const words = [
    '--no-print-directory',
    '-C',
    join(checkout, 'native-shims'),
    `BUILD=${folder}`,
    ...variables,
  ];
  const { status, stderr } = spawnSync('make', words, { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}

/** The launcher, Node, and the library. */
function run(): string {
  const words = ['create', '--dry-run', '--zero', '1M'];
  return execFileSync(join(top, 'native-shims/build/dmfd'), words, { encoding: 'utf8' });
}

/** The shared libraries that it names. */
function needed(file: string): string[] {
  const path = join(top, 'native-shims/build', file);
  const sections = execFileSync('readelf', ['-d', path], { encoding: 'utf8' });
  return [...sections.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name = '']) => name);
}
