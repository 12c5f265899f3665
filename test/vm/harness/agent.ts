import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cachedBuild, fileContents } from './cached-build.js';
import { vmFile } from './checkout.js';
import { commandOutput } from './command-output.js';

const flags = '-std=c11 -D_GNU_SOURCE -O2 -static -Wall -Wextra -Werror'.split(' ');

/** Compiles the guest's agent (test/vm/agent) and returns the program's path. */
export async function builtAgent(): Promise<string> {
  const sources = vmFile('agent');
  const compiler = await commandOutput('gcc', '--version');
  return cachedBuild('agent', [compiler, flags.join(' '), ...fileContents(sources)], (output) =>
    commandOutput(
      'gcc',
      ...flags,
      '-o',
      output,
      ...readdirSync(sources)
        .filter((name) => name.endsWith('.c'))
        .map((name) => join(sources, name)),
    ),
  );
}
