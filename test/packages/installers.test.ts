import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { scratchFolder } from '../unit/support/scratch.js';
import { checkout, vmFile } from '../vm/harness/checkout.js';
import { commandOutput } from '../vm/harness/command-output.js';
import { builtPackage } from './built-package.js';

/** What an installer has to get from the registry, on a busy machine. */
const PATIENCE_MS = 5 * 60_000;

const tarball = builtPackage('.tgz');
const top = scratchFolder();

/** The newest Node that dmfd is for: this machine's own may be older than what the newest installers are for. */
let node: string;
beforeAll(async () => {
  node = (await commandOutput(vmFile('nodes/fetch-node.sh'), '24')).trim();
}, PATIENCE_MS);

const globally = (npm: string, ...options: string[]) => {
  const words = ['--yes', `npm@${npm}`, 'install', '--global', '--no-audit', '--no-fund', ...options];
  return (prefix: string) => {
    run(prefix, 'npx', ...words, '--prefix', prefix, tarball);
    return join(prefix, 'bin/dmfd');
  };
};

test.each([
  ['npm 10', globally('10')],
  ['npm 11', globally('11')],
  ['npm 12', globally('12')],
  ['npm 12 without scripts', globally('12', '--ignore-scripts')],
  ['npm in a project', inProject('npm@12', 'install')],
  ['pnpm in a project', inProject('pnpm@10', 'add')],
])(
  '%s installs a command that runs',
  (_, install) => {
    const command = install(folder());
    expect(run(top, command, '--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    // With the native library.
    expect(run(top, command, 'create', '--dry-run', '--zero', '1M')).toBe('0 2048 zero\n');
  },
  PATIENCE_MS,
);

test(
  'npx runs it',
  () => {
    const words = ['create', '--dry-run', '--zero', '1M'];
    expect(run(folder(), 'npx', '--yes', `--package=${tarball}`, '--', 'dmfd', ...words)).toBe(
      '0 2048 zero\n',
    );
  },
  PATIENCE_MS,
);

test(
  'without optional dependencies, it says in a sentence what is missing, and what to do',
  () => {
    // A global installation has them all the same.
    const command = inProject('npm@12', 'install', '--omit=optional')(folder());
    const { status, stdout, stderr } = spawnSync(command, ['create', '--dry-run', '--zero', '1M'], {
      encoding: 'utf8',
      env: environment(),
    });
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(stderr).toMatch(
      /^dmfd: ffi-rs, through which dmfd calls C, cannot be loaded: .*\n {2}hint: .*without --omit=optional\)\n$/,
    );
  },
  PATIENCE_MS,
);

test.each(['12', '18'])(
  'a Node that is too old is named: %s',
  async (major) => {
    const old = (await commandOutput(vmFile('nodes/fetch-node.sh'), major)).trim();
    const words = [join(checkout, 'bin/dmfd.js'), '--version'];
    const { status, stdout, stderr } = spawnSync(join(old, 'node'), words, { encoding: 'utf8', env: {} });
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(stderr).toMatch(
      new RegExp(`^dmfd: ${old}/node is Node ${major}\\.[\\d.]+, and dmfd needs 20 or later\n`),
    );
  },
  PATIENCE_MS,
);

/** A folder of its own for each. */
function folder(): string {
  return mkdtempSync(join(top, 'prefix-'));
}

function inProject(installer: string, ...verb: string[]) {
  return (project: string) => {
    mkdirSync(project, { recursive: true });
    writeFileSync(join(project, 'package.json'), '{ "private": true }');
    run(project, 'npx', '--yes', installer, ...verb, tarball);
    return join(project, 'node_modules/.bin/dmfd');
  };
}

function run(cwd: string, program: string, ...words: string[]): string {
  return execFileSync(program, words, {
    cwd,
    encoding: 'utf8',
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Without what npm gives its scripts, of which this may be one. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_OPTIONS$/i.test(name));
  return { ...Object.fromEntries(own), PATH: `${node}:${process.env.PATH}` };
}
