import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cachedBuild, fileContents } from '../../vm/harness/cached-build.js';
import { checkout } from '../../vm/harness/checkout.js';
import { commandOutput } from '../../vm/harness/command-output.js';

const directory = join(checkout, 'test/kernel/tests');
const flags = '-std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -pthread'.split(' ');

const sources = {
  create: ['create.c', 'dm.c'],
  loop: ['loop.c', 'dm.c'],
  rows: [...filesOf('rows'), 'dm.c'],
  stable: ['stable.c', 'dm.c'],
  stress: ['stress.c', 'dm.c'],
  uevents: ['uevents.c'],
};

/** Compiles one of the test programs of the kernel series, and returns its path, on the host and in the guest. */
export async function program(name: keyof typeof sources): Promise<string> {
  const files = sources[name].map((file) => join(directory, file));
  const inputs = [...new Set([directory, ...files.map((file) => dirname(file))])].flatMap((from) => [
    ...fileContents(from, '.c'),
    ...fileContents(from, '.h'),
  ]);
  const compiler = await commandOutput('gcc', '--version');
  return cachedBuild(`descriptor-${name}`, [compiler, flags.join(' '), ...inputs], (output) =>
    commandOutput('gcc', ...flags, '-o', output, ...files),
  );
}

function filesOf(folder: string): string[] {
  const names = readdirSync(join(directory, folder)).filter((name) => name.endsWith('.c'));
  return names.map((name) => join(folder, name));
}
