import { readFileSync } from 'node:fs';
import { cachedBuild } from '../harness/cached-build.js';
import { vmFile } from '../harness/checkout.js';
import { commandOutput } from '../harness/command-output.js';

const FLAGS = ['-std=c11', '-O2', '-Wall', '-Wextra', '-Werror', '-static'];

/** A program of test/vm/tools, compiled on the host; the guest has it at the same path. */
export function tool(name: string): Promise<string> {
  const source = vmFile(`tools/${name}.c`);
  return cachedBuild(name, [FLAGS.join(' '), readFileSync(source)], (output) =>
    commandOutput('gcc', ...FLAGS, '-o', output, source),
  );
}
