import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { scratchFolder } from '../unit/support/scratch.js';
import { checkout } from '../vm/harness/checkout.js';

/** A build takes half a minute, and on a busy machine several. */
vi.setConfig({ testTimeout: 10 * 60_000 });

const top = scratchFolder();
const compiler = join(top, 'cc');
const shipped = join(checkout, 'prebuilt/x86_64/libdmfd.so');

beforeAll(() => {
  // It has no headers of the kernel's.
  const headers = '-idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu';
  writeFileSync(compiler, `#!/bin/sh\nexec musl-gcc ${headers} "$@"\n`);
  chmodSync(compiler, 0o755);
  for (const [cc, name] of [
    [compiler, 'with-musl'],
    ['gcc', 'with-glibc'],
  ] as const)
    execFileSync(cc, [
      '-Wall',
      '-Werror',
      '-o',
      join(top, name),
      join(checkout, 'test/packages/musl.c'),
      '-ldl',
    ]);
});

test("the packages' library does in a program with musl what it does in one with glibc", () => {
  expect(sections('with-musl')).toMatch(/ld-musl/);
  expect(sections('with-glibc')).toMatch(/ld-linux/);
  const prints = load('with-musl', shipped);
  expect(prints).toMatch(/^layout: \d{4}\n([\w.]+=-?\d+\n)+random: 0 filled\n$/);
  expect(load('with-glibc', shipped)).toBe(prints);
});

test('a compiler with musl builds all of it', () => {
  const build = join(top, 'build');
  const words = ['-C', join(checkout, 'native-shims'), `BUILD=${build}`, `CC=${compiler}`];
  execFileSync('make', words, { stdio: 'ignore' });
  expect(load('with-musl', join(build, 'libdmfd.so'))).toBe(load('with-musl', shipped));
});

function load(program: string, library: string): string {
  return execFileSync(join(top, program), [library], { encoding: 'utf8' });
}

/** With the loader that the kernel starts it with. */
function sections(program: string): string {
  return execFileSync('readelf', ['-lW', join(top, program)], { encoding: 'utf8' });
}
