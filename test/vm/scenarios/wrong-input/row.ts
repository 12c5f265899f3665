import { vmFile } from '../../harness/checkout.js';
import type { Guest } from '../../harness/index.js';

/** One request with something wrong in it, as it is typed into a shell in {@link PLAYGROUND}. */
export interface Row {
  readonly what: string;
  readonly line: string;
  /** Default 125: dmfd's own failure. */
  readonly code?: number;
  /** What stderr must say. */
  readonly says: readonly RegExp[];
  /** What stdout is; default nothing. */
  readonly prints?: RegExp;
  /** Only where the kernel's name matches. */
  readonly kernels?: RegExp;
}

/** A table that is all right, and a command that must not run. */
export const FINE = "--table '0 8 zero'";
export const UNUSED = '-- touch ran';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What of the machine is not as it was before, two seconds later. */
  readonly left: string;
}

/** Where the lines run, and where the files are that they name. */
export const PLAYGROUND = '/tmp/wrong-input';

/** Runs the line, and looks at the machine before and after it. */
export async function attempt(vm: Guest, line: string, cwd = PLAYGROUND): Promise<Outcome> {
  const { code, stdout, stderr } = await vm.run([vmFile('scenarios/wrong-input/around.sh'), line], { cwd });
  const [own = '', left = 'the shell around the line died'] = stdout.split(SEPARATOR);
  return { code, stdout: own, stderr, left };
}

const SEPARATOR = '\x1e';
