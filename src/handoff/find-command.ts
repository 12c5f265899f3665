import { accessSync, constants, statSync } from 'node:fs';
import { DmfdError } from '../errors.js';
import { type Errno, errnoError, errnoOf } from '../kernel/errno.js';
import { type Bytes, show, toBuffer } from './bytes.js';
import { variable } from './environment.js';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The file that a command word means, found as execvp(3) does: a word with a slash as it stands, another one along PATH.
 *
 * @throws DmfdError `command-not-found`; `command-not-executable` when there is a file of that name and it may not be run
 */
export function findCommand(word: Bytes, environment: readonly Bytes[]): Bytes {
  if (word === '') throw notFound(word);
  if (word.includes('/')) {
    const trouble = whyNotExecutable(word);
    if (trouble === undefined) return word;
    throw trouble === 'ENOENT' || trouble === 'ENOTDIR' ? notFound(word) : notExecutable(word, trouble);
  }
  let denied: { file: Bytes; trouble: string } | undefined;
  for (const directory of searchPath(environment)) {
    const file = `${directory === '' ? '.' : directory}/${word}`;
    const trouble = whyNotExecutable(file);
    if (trouble === undefined) return file;
    if (trouble !== 'ENOENT' && trouble !== 'ENOTDIR') denied ??= { file, trouble };
  }
  throw denied === undefined ? notFound(word) : notExecutable(denied.file, denied.trouble);
}

function searchPath(environment: readonly Bytes[]): Bytes[] {
  return (variable(environment, 'PATH') ?? DEFAULT_PATH).split(':');
}

/** undefined when it can be run, else an errno's name. */
function whyNotExecutable(file: Bytes): string | undefined {
  try {
    const path = toBuffer(file);
    const status = statSync(path, { throwIfNoEntry: false });
    if (status === undefined) return 'ENOENT';
    if (!status.isFile()) return 'EACCES';
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    return errnoOf(error)?.name ?? 'EACCES';
  }
}

function notFound(word: Bytes): DmfdError {
  return new DmfdError('command-not-found', `command ${JSON.stringify(show(word))}: not found`, {
    errno: 'ENOENT',
    hint: 'the command after -- is run directly, not by a shell: for shell syntax use -- sh -c "…"',
  });
}

function notExecutable(file: Bytes, trouble: string): DmfdError {
  return new DmfdError(
    'command-not-executable',
    `command ${JSON.stringify(show(file))}: not executable (${trouble})`,
    {
      errno: trouble,
      hint: 'it must be a file with execute permission',
    },
  );
}

/** The answer of execve() itself, for a file that looked executable. */
export function executionFailed(file: Bytes, errno: Errno): DmfdError {
  return errnoError('execve', errno, {
    code: errno.name === 'ENOENT' ? 'command-not-found' : 'command-not-executable',
    said: `command ${JSON.stringify(show(file))}: ${errno.name}, ${errno.words}`,
    hint: EXECUTION_HINTS[errno.name],
  });
}

const EXECUTION_HINTS: Readonly<Record<string, string>> = {
  ENOEXEC: 'a script needs a first line such as #!/bin/sh',
  ENOENT: 'the file is there, but the interpreter it names (#! line, dynamic loader) is not',
  E2BIG: 'arguments and environment together are too long',
};
