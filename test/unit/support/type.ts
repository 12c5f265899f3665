import { spawn } from 'node:child_process';
import { executable } from './distribution.js';
import { type ChildResult, collected } from './in-child.js';

/** Types a line into a shell, where `dmfd` is the built command. */
export function type(line: string, directory?: string): Promise<ChildResult> {
  const child = spawn('sh', ['-c', `dmfd() { "$DMFD" "$@"; }\n${line}`], {
    cwd: directory,
    env: { PATH: process.env.PATH, DMFD: executable() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return collected(child).result;
}
