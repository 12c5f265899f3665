import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { machine } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkout } from '../../vm/harness/checkout.js';
import { executable } from '../support/distribution.js';
import { scratchFolder } from '../support/scratch.js';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
const VERSION = { status: 0, stdout: `${version}\n`, stderr: '' };
const NODE_PATH = dirname(process.execPath);

const directory = scratchFolder();

beforeAll(() => {
  mkdirSync(join(directory, 'directory/node'), { recursive: true });
  for (const [kind, mode, text] of FILES) {
    mkdirSync(join(directory, kind));
    writeFileSync(join(directory, kind, 'node'), text, { mode });
  }
});

const TRAP = '#!/bin/sh\necho taken\n';
const FILES: readonly [kind: string, mode: number, text: string][] = [
  ['not-executable', 0o644, TRAP],
  ['no-program', 0o755, 'echo taken\n'],
  ['no-interpreter', 0o755, '#!/nonexistent\n'],
  ['here', 0o755, TRAP],
];

function run(env: NodeJS.ProcessEnv, words: readonly string[] = ['--version'], file = executable()) {
  const cwd = join(directory, 'here');
  const { status, stdout, stderr } = spawnSync(file, words, { env, cwd, encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('what steers Node does not steer dmfd', () => {
  test.each([
    { NODE_OPTIONS: '--inspect=127.0.0.1:0' },
    { NODE_OPTIONS: '--title=zz' },
    { NODE_OPTIONS: '--require /nonexistent/trace' },
    { NODE_OPTIONS: '--no-such-flag' },
    { NODE_OPTIONS: '--max-old-space-size=2' },
    { NODE_V8_COVERAGE: '/proc/nowhere' },
    { NODE_DEBUG: 'fs,module' },
    { NODE_CHANNEL_FD: '77' },
    { OPENSSL_CONF: '/nonexistent', OPENSSL_MODULES: '/nonexistent' },
    { LD_PRELOAD: '/nonexistent.so' },
    { LD_DEBUG: 'libs' },
    { LD_LIBRARY_PATH: '/nonexistent', GLIBC_TUNABLES: 'what=is' },
  ])('%j', (variables) => {
    expect(run({ PATH: NODE_PATH, ...variables })).toEqual(VERSION);
  });
});

describe('Node is', () => {
  const also = (...kinds: string[]) => [...kinds.map((kind) => join(directory, kind)), NODE_PATH].join(':');

  test.each(['directory', 'not-executable', 'no-program', 'no-interpreter'])(
    'not a "node" that cannot be executed: %s',
    (kind) => {
      expect(run({ PATH: also(kind) })).toEqual(VERSION);
      // The one that was found when dmfd was built.
      expect(run({ PATH: join(directory, kind) })).toEqual(VERSION);
    },
  );

  test.each(['', '.', ':/nonexistent', '/nonexistent:', '/nonexistent:.:../here', undefined])(
    'nothing that lies in the current directory: PATH=%s',
    (path) => {
      expect(run(path === undefined ? {} : { PATH: path })).toEqual(VERSION);
    },
  );

  test('the first along PATH', () => {
    expect(run({ PATH: also('here') })).toEqual({ status: 0, stdout: 'taken\n', stderr: '' });
  });
});

test('the command of the npm package, too, executes nothing that lies in the current directory', () => {
  for (const name of ['readlink', 'uname'])
    writeFileSync(join(directory, 'here', name), TRAP, { mode: 0o755 });
  const command = join(checkout, 'bin/dmfd.sh');
  for (const path of ['', '.', ':/usr/bin', `.:${NODE_PATH}:/usr/bin`]) {
    const { status, stdout, stderr } = run({ PATH: path }, ['--version'], command);
    // Where `make package` was not run, it has no launcher to become.
    if (status === 0) expect({ stdout, stderr }).toEqual({ stdout: `${version}\n`, stderr: '' });
    else expect(stderr).toContain(`this machine: ${checkout}/prebuilt/${machine()}/dmfd\n`);
  }
});

test('a link to the launcher of an npm package is the command, without the shell', () => {
  // As docs/create.md says.
  const folder = join(directory, 'package');
  const launcher = join(folder, 'prebuilt', machine(), 'dmfd');
  mkdirSync(dirname(launcher), { recursive: true });
  for (const name of ['bin', 'dist', 'package.json']) symlinkSync(join(checkout, name), join(folder, name));
  copyFileSync(executable(), launcher);
  const link = join(directory, 'dmfd-of-npm');
  symlinkSync(launcher, link);
  expect(run({ PATH: NODE_PATH }, ['--version'], link)).toEqual(VERSION);
});

test.each([
  ['block-dmfd', []],
  ['block-snapshot', ['--block-snapshot']],
])('under the name %s it is that script of Xen, also from an npm package', (name, words) => {
  for (const command of [executable(), join(checkout, 'bin/dmfd.sh')]) {
    const link = join(directory, name);
    symlinkSync(command, link);
    const { stdout, stderr } = run({ PATH: `${NODE_PATH}:/usr/bin` }, ['add', '--no-such-option'], link);
    rmSync(link);
    if (command === executable() || existsSync(join(checkout, 'prebuilt', machine(), 'dmfd')))
      expect({ stdout, stderr: stderr.split('\n')[0] }).toEqual({
        stdout: '',
        stderr: "dmfd: unknown option '--no-such-option'",
      });
    expect(run({ PATH: NODE_PATH }, ['xen-hotplug', ...words, 'add']).stderr).toContain(
      'XENBUS_PATH is not set',
    );
  }
});

/** With an argument vector that has nothing in it: a kernel from 5.18 on puts an empty word there. */
test('started without any word, not even its name', () => {
  const script =
    'import ctypes, sys; ctypes.CDLL(None).execv(sys.argv[1].encode(), (ctypes.c_char_p * 1)(None))';
  expect(run({ PATH: NODE_PATH }, ['-c', script, executable()], '/usr/bin/python3')).toMatchObject({
    status: 125,
    stderr: expect.stringContaining('no subcommand was given'),
  });
});

/** As setcap(8) writes it, with CAP_SYS_ADMIN effective and permitted: VFS_CAP_REVISION_2. */
const GIVE_CAPABILITY =
  "import os, struct, sys; os.setxattr(sys.argv[1], 'security.capability', struct.pack('<5I', 0x02000001, 1 << 21, 0, 0, 0))";

test.runIf(process.getuid?.() === 0).each<[string, (file: string) => void]>([
  ['of a setuid file', (file) => chmodSync(file, 0o4755)],
  ['of a setgid file', (file) => chmodSync(file, 0o2755)],
  [
    'of a file with capabilities',
    (file) => {
      const { stderr } = spawnSync('/usr/bin/python3', ['-c', GIVE_CAPABILITY, file], { encoding: 'utf8' });
      expect(stderr).toBe('');
    },
  ],
])('with privileges that its caller does not have, it refuses: %s', (_whose, endow) => {
  const file = join(directory, 'dmfd');
  copyFileSync(executable(), file);
  chmodSync(directory, 0o755);
  chmodSync(file, 0o755);
  const asNobody = () =>
    run(
      { PATH: '/usr/bin:/bin' },
      ['--reuid=65534', '--regid=65534', '--clear-groups', file],
      '/usr/bin/setpriv',
    );
  // As it is, it goes on: a copy does not find the package.
  expect(asNobody().stderr).toContain('where is bin/dmfd.js');
  endow(file);
  const outcome = asNobody();
  rmSync(file);
  expect(outcome).toEqual({
    status: 125,
    stdout: '',
    stderr:
      'dmfd: it was started with privileges that its caller does not have: refused\n' +
      '  hint: take the setuid bit or the capabilities off this file; use sudo, or a service\n',
  });
});

test('an environment that is too long once its variables have other names', () => {
  const variables = Array.from({ length: 70_000 }, (_, index) => [`NODE_${index}`, '']);
  const environment = { PATH: NODE_PATH, ...Object.fromEntries(variables) };
  // As is usual: a quarter of the stack is for them.
  const words = ['--stack=8388608', executable(), '--version'];
  expect(run(environment, words, '/usr/bin/prlimit')).toEqual({
    status: 125,
    stdout: '',
    stderr:
      'dmfd: starting Node ("node" along PATH): Argument list too long\n' +
      '  hint: arguments, environment and the list of open descriptors are too long together\n',
  });
});
