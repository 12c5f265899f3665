import { type Bytes, show, toBuffer } from '../../handoff/bytes.js';
import { CALLER_VARIABLE, type CallerState, parseCallerState } from '../../handoff/caller-state.js';
import { variable } from '../../handoff/environment.js';
import { numbersOf } from '../../kernel/layout.js';
import { namesOwnFile } from '../own-files.js';
import { editionAt } from './edition.js';

/** A launcher's question, with the words, environment and descriptors of its process. */
export interface Question {
  readonly pid: number;
  readonly state: CallerState;
  /** Without the name of the program. */
  readonly words: readonly Bytes[];
  readonly environment: readonly Bytes[];
  readonly umask: number;
  /** Bit N: descriptor N is a terminal. */
  readonly terminals: number;
  /** Of the terminal that is standard output; 0: unknown. */
  readonly columns: number;
  /** Of the file that has the launcher's command line. */
  readonly edition: Buffer;
}

export const askAt = numbersOf('ask', [
  'bytes',
  'size',
  'argc',
  'envc',
  'umask',
  'terminals',
  'columns',
  'command',
]);

/** undefined for what no launcher of the process `pid` says. */
export function parseQuestion(pid: number, ask: Buffer, body: Buffer): Question | undefined {
  const at = askAt();
  const [argc, envc] = [ask.readUInt32LE(at.argc), ask.readUInt32LE(at.envc)];
  const texts = body.toString('latin1', 0, ask.readUInt32LE(at.size)).split('\0');
  // What follows the last NUL is nothing.
  const [noted = ''] = texts;
  const state = parseCallerState(noted, pid);
  if (state === undefined || texts.length !== 1 + argc + envc + 1) return undefined;
  return {
    pid,
    state,
    words: texts.slice(1, 1 + argc),
    environment: texts.slice(1 + argc, -1).filter((entry) => !entry.startsWith(`${CALLER_VARIABLE}=`)),
    umask: ask.readUInt32LE(at.umask),
    terminals: ask.readUInt32LE(at.terminals),
    columns: ask.readUInt32LE(at.columns),
    // The next question will be written over it.
    edition: Buffer.from(ask.subarray(at.command, at.command + editionAt().bytes)),
  };
}

/** Commands that leave everything as it was when they fail, or are given up: what they cannot do here may be tried once more. */
const REPEATABLE = ['create', 'swap', 'ls', 'probe'];
/** Others. */
const SERVED = [...REPEATABLE, 'rm', 'resize', 'reap', 'xen-hotplug'];

export function isRepeatable({ words: [command = ''] }: Pick<Question, 'words'>): boolean {
  return REPEATABLE.includes(command);
}

/** Whether another process than the launcher's can do it. */
export function isForOthers({ words, environment }: Question): boolean {
  const at = words.indexOf('--');
  const opened = at < 0 ? words : words.slice(0, at + 2);
  return (
    SERVED.includes(words[0] ?? '') && ![...opened, variable(environment, 'TMPDIR') ?? ''].some(namesOwnFile)
  );
}

/** As Node has them. */
export function argvOf({ words }: Question): string[] {
  return words.map(show);
}

/** As Node has it in process.env: of a variable that stands there twice, the first. */
export function environmentOf({ environment }: Question): Map<string, string> {
  const variables = new Map<string, string>();
  for (const entry of environment) {
    const at = entry.indexOf('=');
    const name = show(entry.slice(0, Math.max(at, 0)));
    if (at > 0 && !variables.has(name)) variables.set(name, toBuffer(entry.slice(at + 1)).toString('utf8'));
  }
  return variables;
}
