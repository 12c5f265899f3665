import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { unsupportedMachine } from '../../../src/kernel/unloadable.js';
import { checkout } from '../../vm/harness/checkout.js';
import { executable } from '../support/distribution.js';
import { scratchFolder } from '../support/scratch.js';

let top: string;

/** The package as npm installs it, but for what a test takes away. */
beforeEach(() => {
  top = scratchFolder();
  mkdirSync(join(top, 'native-shims/build'), { recursive: true });
  for (const path of ['bin', 'package.json', 'dist', 'native-shims/build/libdmfd.so']) {
    cpSync(join(checkout, path), join(top, path), { recursive: true });
  }
  cpSync(executable(), join(top, 'native-shims/build/dmfd'));
});

const SHIM = 'native-shims/build/libdmfd.so';
const LS = ['ls'];

function dmfd(words: readonly string[] = LS): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync(join(top, 'native-shims/build/dmfd'), words, { encoding: 'utf8' });
  return { status, stderr: stderr.replaceAll(top, 'TOP') };
}

function isCheckout(): void {
  writeFileSync(join(top, 'Makefile'), '');
}

const withModules = () => symlinkSync(join(checkout, 'node_modules'), join(top, 'node_modules'));

const SAYS_FFI =
  /^dmfd: ffi-rs, through which dmfd calls C, cannot be loaded: Cannot find module 'ffi-rs'\n {2}hint: (.*)\n$/;

test('without ffi-rs dmfd says what to install', () => {
  expect(SAYS_FFI.exec(dmfd().stderr)?.[1]).toMatch(
    /^install dmfd again, on this machine, .*--omit=optional\)$/,
  );
  isCheckout();
  const { status, stderr } = dmfd();
  expect(SAYS_FFI.exec(stderr)?.[1]).toBe('"make build" installs it');
  expect(status).toBe(125);
});

test('without ffi-rs for this machine likewise', () => {
  mkdirSync(join(top, 'node_modules'));
  cpSync(join(checkout, 'node_modules/ffi-rs'), join(top, 'node_modules/ffi-rs'), { recursive: true });
  expect(dmfd()).toEqual({
    status: 125,
    stderr: expect.stringMatching(
      /^dmfd: ffi-rs, through which dmfd calls C, cannot be loaded: Cannot find module '@yuuang\/ffi-rs-.*'\n {2}hint: install/,
    ),
  });
});

test('a shim that is not there, or cannot be loaded', () => {
  withModules();
  writeFileSync(join(top, SHIM), 'nothing of the kind, and long enough to be read as one'.repeat(10));
  const again = `install dmfd again, on this machine (${process.arch}); or from its source, with a C compiler: "make install"`;
  const build = 'build it, with a C compiler: "make -C native-shims clean all"';
  const says = (what: string, hint: string) => ({
    status: 125,
    stderr: `dmfd: the native shim TOP/${SHIM} ${what}\n  hint: ${hint}\n`,
  });
  expect(dmfd()).toEqual(says('cannot be loaded: invalid ELF header', again));
  rmSync(join(top, SHIM));
  expect(dmfd()).toEqual(says('does not exist', again));
  isCheckout();
  expect(dmfd()).toEqual(says('does not exist', build));
});

test.each([
  ['x64', 'LE', undefined],
  ['arm64', 'LE', undefined],
  ['arm', 'LE', undefined],
  ['riscv64', 'LE', 'dmfd does not run on riscv64: ffi-rs, through which dmfd calls C, has no build for it'],
  [
    's390x',
    'BE',
    'dmfd does not run on s390x: it is big-endian, and dmfd writes what it asks of the kernel in little-endian order',
  ],
] as const)('the machine %s, %s', (arch, order, message) => {
  const error = unsupportedMachine(arch, order);
  expect(error?.message).toBe(message);
  if (message !== undefined) {
    expect(error).toMatchObject({ code: 'machine-unsupported', hint: 'it runs on x64, arm64, arm' });
  }
});

test('on such a machine nothing is loaded', () => {
  const script = `Object.defineProperty(process, 'arch', { value: 'riscv64' });
    require(${JSON.stringify(join(top, 'dist/command/dmfd.cjs'))}).main(['ls']);`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({
    status: 125,
    stderr: expect.stringMatching(/^dmfd: dmfd does not run on riscv64: .*\n {2}hint: it runs on x64/),
  });
});
