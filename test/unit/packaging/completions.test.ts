import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { program } from '../../../src/cli/program.js';
import { scratchFolder } from '../support/scratch.js';

const folder = scratchFolder();

beforeAll(() => {
  const generator = fileURLToPath(new URL('../../../packaging/completions.mjs', import.meta.url));
  execFileSync('node', [generator, folder]);
});

const options = program().commands.flatMap((command) =>
  command.options.flatMap(({ long, hidden }) => (long && !hidden ? [[command.name(), long] as const] : [])),
);

/** What bash offers for the last of these words. */
function inBash(...words: string[]): string[] {
  const script = `source '${folder}/bash/dmfd'; compopt() { echo "compopt $*"; }
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)) COMP_LINE="$*"; _dmfd; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return lines('bash', '--norc', '-c', script, 'bash', ...words);
}

/** What fish offers at the end of this line, without the descriptions. */
function inFish(line: string): string[] {
  const script = `source '${folder}/fish/dmfd.fish'; complete -C $argv[1]`;
  return lines('fish', '--no-config', '-c', script, line).map((offer) => offer.replace(/\t.*/, ''));
}

function lines(program: string, ...words: string[]): string[] {
  const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder };
  // bash takes a socket for a login over the network, and reads files that fail under its option -u.
  const { stdout, stderr } = spawnSync(program, words, {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter(Boolean);
}

test('bash offers every option of each command, and no other', () => {
  for (const command of program().commands) {
    const own = options.filter(([name]) => name === command.name()).map(([, long]) => long);
    expect(inBash('dmfd', command.name(), '--').sort()).toEqual([...own, '--help'].sort());
  }
});

test('fish offers every option of each command, and no other', () => {
  for (const command of program().commands) {
    const own = options.filter(([name]) => name === command.name()).map(([, long]) => long);
    const offered = inFish(`dmfd ${command.name()} --`).map((offer) => offer.replace(/=$/, ''));
    expect(offered.sort()).toEqual([...own, '--help'].sort());
  }
});

test('bash and fish offer the commands, modes and files', () => {
  expect(inBash('dmfd', 'cr')).toEqual(['create']);
  expect(inFish('dmfd cr')).toEqual(['create']);
  expect(inBash('dmfd', 'create', '--mode', 'a')).toEqual(['auto', 'atomic']);
  expect(inBash('dmfd', 'create', '--udev', '')).toEqual(['quiet', 'full', 'none']);
  expect(inFish('dmfd create --mode a').sort()).toEqual(['atomic', 'auto']);
  expect(inBash('dmfd', 'create', '--loop', '/et')).toEqual(['compopt -o default']);
  expect(inFish('dmfd create --loop /etc/passw')).toContain('/etc/passwd');
});

/** What zsh offers for the ends of lines, with what becomes of them, when it is driven through a terminal. */
function inZsh(...typed: string[]): Offered[] {
  return inShell('offers.zsh', typed);
}

interface Offered {
  readonly offers: readonly string[];
  readonly becomes: string;
}

function inShell(name: string, typed: readonly string[], together = ''): Offered[] {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const printed = execFileSync('zsh', ['-f', script, folder, ...typed], {
    encoding: 'utf8',
    env: { ...process.env, HOME: folder, ZDOTDIR: folder, TOGETHER: together },
  });
  return [...printed.matchAll(/((?:[^\t\n]*\n)*)\t(.*)\n/g)].map(([, offers = '', becomes = '']) => ({
    offers: offers.split('\n').filter(Boolean).sort(),
    becomes,
  }));
}

test('zsh offers every option of each command, and no other', () => {
  const commands = program().commands.map((command) => command.name());
  const asked = inZsh(...commands.map((name) => `dmfd ${name} --`));
  for (const [index, name] of commands.entries()) {
    const own = options.filter(([command]) => command === name).map(([, long]) => long);
    expect(asked[index]?.offers).toEqual([...own, '--help'].sort());
  }
});

test('zsh offers commands, choices and files', () => {
  const [command, mode, file, directory, ...afterShort] = inZsh(
    'dmfd cr',
    'dmfd create --mode a',
    'dmfd create --loop /etc/passw',
    'dmfd serve --directory /us',
    'dmfd swap -q /etc/hostn',
    'dmfd batch -q /etc/hostn',
    'dmfd ls -o name -a --noh',
  );
  expect(command).toEqual({ offers: ['create'], becomes: 'dmfd create ' });
  expect(mode?.offers).toEqual(['atomic', 'auto']);
  expect(file?.offers).toContain('passwd');
  expect(directory?.becomes).toMatch(/^dmfd serve --directory \/usr/);
  expect(afterShort.map(({ becomes }) => becomes)).toEqual([
    'dmfd swap -q /etc/hostname ',
    'dmfd batch -q /etc/hostname ',
    'dmfd ls -o name -a --noheadings ',
  ]);
});

/** What is typed, with = and : in it, at which bash takes words apart, and what becomes of it in bash. */
const TAKEN_APART: readonly (readonly [typed: string, offers: readonly string[], becomes?: string])[] = [
  ['dmfd create --mode=', ['atomic', 'auto', 'fallback']],
  ['dmfd create --mode=at', ['atomic'], 'dmfd create --mode=atomic '],
  ['dmfd create --mode at', ['atomic'], 'dmfd create --mode atomic '],
  ['dmfd create name --quiet --mode=at', ['atomic'], 'dmfd create name --quiet --mode=atomic '],
  ['dmfd create --mode=auto --qu', ['--quiet'], 'dmfd create --mode=auto --quiet '],
  ['dmfd create --linear={b', ['{below}'], 'dmfd create --linear={below} '],
  ['dmfd create --table="0 8 crypt {k', ['0 8 crypt {key}'], 'dmfd create --table="0 8 crypt {key}" '],
  ['dmfd create -- cat {path:', ['0}'], 'dmfd create -- cat {path:0} '],
  ['dmfd create -- dd if={f', ['{fd}'], 'dmfd create -- dd if={fd} '],
  ['dmfd create --loop=/etc/hostn', [], 'dmfd create --loop=/etc/hostname '],
  ['dmfd swap --priority=', []],
  ['dmfd create --udev-wait=', []],
];

test('bash itself offers the same behind a = and a :', () => {
  const named = join(folder, 'pci-0000:00:1f.2');
  writeFileSync(named, '');
  const file = [`dmfd swap ${named.slice(0, -4)}`, ['1f.2'], `dmfd swap ${named} `] as const;
  const rows = [...TAKEN_APART, file];
  const asked = inShell(
    'offers-in-bash.zsh',
    rows.map(([typed]) => typed),
  );
  for (const [index, [typed, offers, becomes = typed]] of rows.entries())
    expect(asked[index]).toEqual({ offers, becomes });
});

test('bash completes the same where it was told not to take words apart there', () => {
  for (const together of ['=', ':', '=:']) {
    const rows = TAKEN_APART.filter(([, , becomes]) => becomes !== undefined);
    const asked = inShell(
      'offers-in-bash.zsh',
      rows.map(([typed]) => typed),
      together,
    );
    expect(asked.map(({ becomes }) => becomes)).toEqual(rows.map(([, , becomes]) => becomes));
  }
});

test('fish offers the same behind a =', () => {
  expect(inFish('dmfd create --mode=at')).toEqual(['--mode=atomic']);
  expect(inFish('dmfd create --linear={b')).toContain('--linear={below}');
  expect(inFish("dmfd create --table='0 8 crypt {k")).toEqual(['--table=0 8 crypt {key}']);
});

test('zsh offers the same behind a =', () => {
  const [mode, placeholder, table, after] = inZsh(
    'dmfd create --mode=at',
    'dmfd create --linear={b',
    'dmfd create --table="0 8 crypt {k',
    'dmfd create --udev-wait=5 --mode=at',
  );
  expect(mode).toEqual({ offers: ['atomic'], becomes: 'dmfd create --mode=atomic ' });
  expect(placeholder).toEqual({ offers: ['below}'], becomes: 'dmfd create --linear={below}' });
  // It writes what was quoted another way.
  expect(table).toEqual({ offers: ['{key}'], becomes: 'dmfd create --table=0\\ 8\\ crypt\\ \\{key} ' });
  expect(after?.offers).toEqual(['atomic']);
});

/** What is typed, and the offers that it has in each shell. */
const PLACEHOLDERS: readonly (readonly [typed: readonly string[], offers: readonly string[]])[] = [
  [
    ['create', '--', 'mkfs.ext4', '{d'],
    ['{dev}', '{diskseq}', '{dev:0}', '{diskseq:0}'],
  ],
  [
    ['create', 'name', '--', 'cat', '{p'],
    ['{path}', '{path:0}'],
  ],
  [['create', '--zero', '8', '--then', '--linear', '{b'], ['{below}']],
  [['create', '--zero', '8', '--then', '--cow', '{l'], ['{layer0}']],
  [
    ['create', '--table', "'0 8 linear {l"],
    ['{loop0}', '{layer0}', '{layer0:sectors}'],
  ],
  [['create', '--table', '"0 8 crypt aes {k'], ['{key}']],
  // A path of its own, and a device of another command.
  [['create', '--loop', '{b'], []],
  [['rm', '{p'], []],
];

test('bash, fish and zsh offer the placeholders where they are replaced', () => {
  const asked = inZsh(...PLACEHOLDERS.map(([typed]) => ['dmfd', ...typed].join(' ')));
  for (const [index, [typed, offers]] of PLACEHOLDERS.entries()) {
    const sorted = [...offers].sort();
    // Files, too, may begin with a brace.
    expect(placeholdersIn(inBash('dmfd', ...typed))).toEqual(sorted);
    expect(placeholdersIn(inFish(['dmfd', ...typed].join(' ')))).toEqual(sorted);
    expect(placeholdersIn(asked[index]?.offers ?? [])).toEqual(sorted);
  }
  expect(asked.map(({ becomes }) => becomes)).toContain('dmfd create --zero 8 --then --linear {below}');
  expect(asked.map(({ becomes }) => becomes)).toContain(`dmfd create --table "0 8 crypt aes {key}" `);
});

/** The placeholders that end what is offered; zsh takes a brace that is not quoted out of the word, and puts it back. */
function placeholdersIn(offers: readonly string[]): string[] {
  return offers
    .flatMap((offer) => /\{?([^{}]*\})$/.exec(offer)?.[1] ?? [])
    .map((rest) => `{${rest}`)
    .sort();
}

test('after -- each shell offers programs, then files', () => {
  expect(inBash('dmfd', 'create', '--', 'mkfs.ext')).toContain('mkfs.ext4');
  expect(inBash('dmfd', 'create', '--', 'cat', '/etc/passw')).toEqual(['compopt -o default']);
  expect(inFish('dmfd create name -- mkfs.ext')).toContain('mkfs.ext4');
  expect(inFish('dmfd create -- cat /etc/passw')).toContain('/etc/passwd');
  const [program, file] = inZsh('dmfd create name -- mkfs.ext', 'dmfd create -- cat /etc/passw');
  expect(program?.offers).toContain('mkfs.ext4');
  expect(file?.offers).toContain('passwd');
});
