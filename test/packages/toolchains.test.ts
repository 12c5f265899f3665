import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { checkout } from '../vm/harness/checkout.js';

/** A build takes half a minute, and on a busy machine several. */
vi.setConfig({ testTimeout: 10 * 60_000 });

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'dmfd-built-'));
});
afterEach(() => rmSync(top, { recursive: true }));

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

/** Builds launcher and library into a package that has all else, and fails on any warning. */
function build(...variables: string[]): void {
  const folder = join(top, 'native-shims/build');
  const words = [
    '--no-print-directory',
    '-C',
    join(checkout, 'native-shims'),
    `BUILD=${folder}`,
    ...variables,
  ];
  const { status, stderr } = spawnSync('make', words, { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  mkdirSync(join(top, 'dist'));
  for (const path of ['bin', 'dist/command', 'package.json'])
    cpSync(join(checkout, path), join(top, path), { recursive: true, verbatimSymlinks: true });
  symlinkSync(join(checkout, 'node_modules'), join(top, 'node_modules'));
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
