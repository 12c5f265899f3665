import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { DmfdError } from '../errors.js';

/** Where a distribution has its programs. The caller's PATH is not asked: root would run what stands there. */
const DIRECTORIES = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

export interface ProgramResult {
  readonly status: number;
  readonly stdout: string;
  /** The last line of it, which says what was wrong. */
  readonly complaint: string;
}

/**
 * Runs a program of the system to its end, with an environment of its own.
 *
 * @param fd a descriptor that it gets as number 3
 * @throws DmfdError `unsupported` when it is not there
 */
export function runProgram(name: string, words: readonly string[], fd?: number): ProgramResult {
  const path = DIRECTORIES.map((directory) => `${directory}/${name}`).find(isExecutable);
  if (path === undefined) {
    throw new DmfdError('program-missing', `the program ${name} is not in ${DIRECTORIES.join(', ')}`, {
      hint: 'it belongs to util-linux',
    });
  }
  const { status, stdout, stderr, error } = spawnSync(path, words, {
    stdio: ['ignore', 'pipe', 'pipe', ...(fd === undefined ? [] : [fd])],
    encoding: 'utf8',
    env: { LC_ALL: 'C', PATH: DIRECTORIES.join(':') },
  });
  if (error !== undefined)
    throw new DmfdError('program-missing', `${path}: ${error.message}`, { cause: error });
  return { status: status ?? -1, stdout, complaint: stderr.trim().split('\n').at(-1) ?? '' };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
