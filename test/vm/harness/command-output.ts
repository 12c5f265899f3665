import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a host program to its end and returns what it printed; what it says on stderr is passed on. */
export async function commandOutput(program: string, ...args: string[]): Promise<string> {
  try {
    const { stdout, stderr } = await execute(program, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
    process.stderr.write(stderr);
    return stdout;
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new Error(`${[program, ...args].join(' ')} failed${said && `:\n${said}`}`, { cause: error });
  }
}
