import { spawn } from 'node:child_process';
import { executable } from './distribution.js';

/** Types a line into a shell, where `dmfd` is the built command. */
export function type(
  line: string,
  directory?: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn('sh', ['-c', `dmfd() { "$DMFD" "$@"; }\n${line}`], {
    cwd: directory,
    env: { PATH: process.env.PATH, DMFD: executable() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
