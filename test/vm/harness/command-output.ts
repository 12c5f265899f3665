import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Characters of what was printed that say why it failed. */
const ENOUGH = 4000;

/** Runs a host program to its end and returns what it printed; what it says on stderr is passed on. */
export async function commandOutput(program: string, ...args: string[]): Promise<string> {
  try {
    const { stdout, stderr } = await execute(program, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
    process.stderr.write(stderr);
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
    const said = [stdout.slice(-ENOUGH), stderr].map((text) => text.trim()).filter((text) => text !== '');
    throw new Error([`${[program, ...args].join(' ')} failed`, ...said].join(':\n'), { cause: error });
  }
}
