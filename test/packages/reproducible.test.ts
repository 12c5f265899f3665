import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { checkout } from '../vm/harness/checkout.js';
import { commandOutput } from '../vm/harness/command-output.js';

/** Everything is built three times. */
const PATIENCE_MS = 30 * 60_000;

/** Of different lengths, and on different file systems where /tmp is in memory. */
const places = [
  mkdtempSync(join(tmpdir(), 'dmfd-')),
  mkdtempSync(join(checkout, 'build/test/another-place-')),
] as const;
afterAll(() => {
  for (const place of places) rmSync(place, { recursive: true });
});

test(
  'of one commit, every build makes the same packages, under any umask, and npm those of a clean and of a built tree',
  async () => {
    const first = await clone(places[0], '022');
    const second = await clone(places[1], '027');
    await inFolder(first, 'make --silent package');
    // What npm runs when somebody publishes: it builds what there is to be built.
    await inFolder(second, 'npm pack --silent', '027');
    expect(sums(second)).toEqual(sums(join(first, 'build/packages'), /\.tgz$/));
    await inFolder(second, 'make --silent package', '027');
    const packages = sums(join(first, 'build/packages'));
    expect(Object.keys(packages)).toHaveLength(3);
    expect(sums(join(second, 'build/packages'))).toEqual(packages);

    // As an archive of the source has them.
    const time = execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: second, encoding: 'utf8' }).trim();
    utimesSync(join(second, 'CHANGELOG.md'), Number(time), Number(time));
    rmSync(join(second, '.git'), { recursive: true });
    await inFolder(second, 'packaging/debian.sh amd64 build/without-git');
    const [[name = '', sum] = []] = Object.entries(sums(join(second, 'build/without-git')));
    expect(sum).toBe(packages[name]);
  },
  PATIENCE_MS,
);

/** Of what is committed, with this checkout's own packages of npm. */
async function clone(place: string, umask: string): Promise<string> {
  const tree = join(place, 'dmfd');
  await inFolder(place, `git clone --quiet --no-hardlinks '${checkout}' dmfd`, umask);
  symlinkSync(join(checkout, 'node_modules'), join(tree, 'node_modules'));
  // Make would install them again.
  execFileSync('touch', ['-d', '@0', 'package.json', 'package-lock.json'], { cwd: tree });
  return tree;
}

/** bash takes a socket for a login over the network, and reads files that fail under its option -u. */
async function inFolder(tree: string, command: string, umask = '022'): Promise<void> {
  await commandOutput('sh', '-c', `umask ${umask} && cd '${tree}' && ${command} </dev/null`);
}

function sums(folder: string, which = /\.(tgz|deb)$/): Record<string, string> {
  const names = readdirSync(folder).filter((name) => which.test(name));
  return Object.fromEntries(
    names.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]),
  );
}
