import { readFileSync } from 'node:fs';
import { type Bytes, bytesOf } from './bytes.js';
import { CALLER_VARIABLE } from './caller-state.js';

/**
 * The last `count` arguments of this process as its caller gave them: Node's argv has lost what is no UTF-8.
 */
export function callerArguments(count: number): Bytes[] {
  const words = readBlock('/proc/self/cmdline') ?? process.argv.map(bytesOf);
  return count === 0 ? [] : words.slice(-count);
}

/** The environment as the caller gave it, `NAME=value` each. */
export function callerEnvironment(): Bytes[] {
  const environment =
    readBlock('/proc/self/environ') ??
    Object.entries(process.env).map(([name, value]) => bytesOf(`${name}=${value ?? ''}`));
  return environment.filter((entry) => !entry.startsWith(`${CALLER_VARIABLE}=`));
}

/** NUL-terminated strings; undefined where /proc is not mounted. */
function readBlock(path: string): Bytes[] | undefined {
  try {
    return readFileSync(path, 'latin1').split('\0').slice(0, -1);
  } catch {
    return undefined;
  }
}
