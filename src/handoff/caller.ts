import { readFileSync } from 'node:fs';
import { type Bytes, bytesOf } from './bytes.js';
import { CALLER_VARIABLE, type CallerState, parseCallerState } from './caller-state.js';
import { served } from './served.js';

let noted: { readonly state: CallerState | undefined } | undefined;

/** undefined when Node was not started by the launcher, but as `node bin/dmfd.js`. */
export function callerState(): CallerState | undefined {
  const other = served();
  if (other !== undefined) return other.state;
  noted ??= { state: parseCallerState(process.env[CALLER_VARIABLE] ?? '', process.pid) };
  return noted.state;
}

const STANDARD_STREAMS: readonly number[] = [0, 1, 2];

/**
 * The descriptors that the caller gave, ascending. Without the launcher's record, the standard streams: others may be Node's own.
 */
export function callerDescriptors(state = callerState()): readonly number[] {
  return state?.descriptors ?? STANDARD_STREAMS;
}

/** The launcher's prefix for the names of variables that Node, too, would obey; as in native-shims/launcher. */
const HIDDEN_PREFIX = 'DMFD_HIDDEN_';

/**
 * The last `count` arguments of this process as its caller gave them: Node's argv has lost what is no UTF-8.
 */
export function callerArguments(count: number): Bytes[] {
  const words = served()?.words ?? readBlock('/proc/self/cmdline') ?? process.argv.map(bytesOf);
  return count === 0 ? [] : words.slice(-count);
}

/**
 * The environment as the caller gave it, `NAME=value` each.
 *
 * @param launched whether the launcher made this process's environment
 */
export function callerEnvironment(launched = callerState() !== undefined): readonly Bytes[] {
  const other = served();
  if (other !== undefined) return other.environment;
  const environment =
    readBlock('/proc/self/environ') ??
    Object.entries(process.env).map(([name, value]) => bytesOf(`${name}=${value ?? ''}`));
  const given = environment.filter((entry) => !entry.startsWith(`${CALLER_VARIABLE}=`));
  return launched ? given.map(withoutPrefix) : given;
}

function withoutPrefix(entry: Bytes): Bytes {
  return entry.startsWith(HIDDEN_PREFIX) ? entry.slice(HIDDEN_PREFIX.length) : entry;
}

/** NUL-terminated strings; undefined where /proc is not mounted. */
function readBlock(path: string): Bytes[] | undefined {
  try {
    return readFileSync(path, 'latin1').split('\0').slice(0, -1);
  } catch {
    return undefined;
  }
}
