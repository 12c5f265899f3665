import { callerDescriptors } from '../handoff/caller.js';
import { needItself } from '../handoff/served.js';
import { checkKeyBits, type KeySource } from '../key/key.js';
import { usageError } from './usage-error.js';

export interface KeyOptions {
  readonly keyRandom?: number;
  readonly keyFile?: string;
  readonly keyFd?: number;
}

/** The option that names a key. */
export function keyOption(options: KeyOptions): string | undefined {
  return keyOptions(options)[0];
}

function keyOptions({ keyRandom, keyFile, keyFd }: KeyOptions): string[] {
  return [
    ...(keyRandom === undefined ? [] : ['--key-random']),
    ...(keyFile === undefined ? [] : ['--key-file']),
    ...(keyFd === undefined ? [] : ['--key-fd']),
  ];
}

/** The source of the key that the options name. @throws DmfdError `usage` for several, and for one that cannot be used */
export function keySource(options: KeyOptions): KeySource | undefined {
  const given = keyOptions(options);
  if (given.length > 1)
    throw usageError(`${given.join(' and ')} exclude each other: a key comes from one place`);
  const { keyRandom, keyFile, keyFd } = options;
  if (keyRandom !== undefined) return { random: keyRandom };
  // It may come from a descriptor of the caller's, or have to be waited for.
  if (keyFile !== undefined || keyFd !== undefined) needItself();
  if (keyFile !== undefined) return { file: checkFile(keyFile) };
  if (keyFd !== undefined) return { fd: checkOpen(keyFd) };
  return undefined;
}

/** Bits. */
export function parseKeyBits(value: string): number {
  const bits = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isNaN(bits)) throw usageError(`--key-random ${value}: it must be a whole number of bits`);
  checkKeyBits(bits, `--key-random ${value}`);
  return bits;
}

/** "-" is refused because standard input has other uses; `--key-fd 0` asks for it explicitly. */
function checkFile(file: string): string {
  if (file === '') throw usageError('--key-file "": no path');
  if (file === '-') throw usageError('--key-file -: it is no file', 'for standard input use --key-fd 0');
  return file;
}

/** Node has opened descriptors of its own by now, which must not be used in place of the caller's. */
function checkOpen(fd: number): number {
  if (callerDescriptors().includes(fd)) return fd;
  throw usageError(
    `--key-fd ${fd}: it is not open`,
    `open it for dmfd, as in: dmfd … --key-fd ${fd} ${fd}<FILE`,
  );
}
