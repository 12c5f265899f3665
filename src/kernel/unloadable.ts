import { existsSync } from 'node:fs';
import { endianness } from 'node:os';
import { DmfdError } from '../errors.js';
import { installed } from './installed.js';

/** For which ffi-rs has a build. */
const ARCHITECTURES = ['x64', 'arm64', 'arm'];

/** Why dmfd cannot run on this machine, if that is so. */
export function unsupportedMachine(
  arch: string = process.arch,
  order: 'BE' | 'LE' = endianness(),
): DmfdError | undefined {
  const why =
    order === 'BE'
      ? 'it is big-endian, and dmfd writes what it asks of the kernel in little-endian order'
      : 'ffi-rs, through which dmfd calls C, has no build for it';
  if (order === 'LE' && ARCHITECTURES.includes(arch)) return undefined;
  return new DmfdError('machine-unsupported', `dmfd does not run on ${arch}: ${why}`, {
    hint: `it runs on ${ARCHITECTURES.join(', ')}`,
  });
}

/** ffi-rs, or its build for this machine, is not installed. */
export function ffiUnloadable(cause: unknown): DmfdError {
  return new DmfdError(
    'shim-unusable',
    `ffi-rs, through which dmfd calls C, cannot be loaded: ${wordsOf(cause)}`,
    {
      hint: isCheckout()
        ? '"make build" installs it'
        : 'install dmfd again, on this machine, and with optional dependencies (npm: without --omit=optional)',
      cause,
    },
  );
}

export function shimUnloadable(path: string, cause: unknown): DmfdError {
  const said = existsSync(path) ? `cannot be loaded: ${wordsOfLoader(path)}` : 'does not exist';
  return new DmfdError('shim-unusable', `the native shim ${path} ${said}`, { hint: howToBuild(), cause });
}

/** The library that is there does not go with this code. */
export function otherVersion(path: string): DmfdError {
  return new DmfdError('shim-unusable', `the native shim ${path} is of another version of dmfd`, {
    hint: howToBuild(),
  });
}

/** A source tree has a Makefile; what was installed has none. */
function isCheckout(): boolean {
  return existsSync(installed('Makefile'));
}

function howToBuild(): string {
  return isCheckout()
    ? 'build it, with a C compiler: "make -C native-shims clean all"'
    : `install dmfd again, on this machine (${process.arch}); or from its source, with a C compiler: "make install"`;
}

/** ffi-rs has words of its own for some of what the dynamic loader says, and they say less. */
function wordsOfLoader(path: string): string {
  try {
    process.dlopen({ exports: {} }, path);
    return 'it is no shared library of dmfd';
  } catch (error) {
    return wordsOf(error).replace(`${path}: `, '');
  }
}

function wordsOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n')[0] ?? '';
}
