import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { program } from '../../../src/cli/program.js';

const folder = mkdtempSync(join(tmpdir(), 'dmfd-completions-'));

beforeAll(() => {
  const generator = fileURLToPath(new URL('../../../packaging/completions.mjs', import.meta.url));
  execFileSync('node', [generator, folder]);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const options = program().commands.flatMap((command) =>
  command.options.flatMap(({ long, hidden }) => (long && !hidden ? [[command.name(), long] as const] : [])),
);

/** What bash offers for the last of these words. */
function inBash(...words: string[]): string[] {
  const script = `source '${folder}/bash/dmfd'; compopt() { echo "compopt $*"; }
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _dmfd; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return lines('bash', '--norc', '-c', script, 'bash', ...words);
}

/** What fish offers at the end of this line, without the descriptions. */
function inFish(line: string): string[] {
  const script = `source '${folder}/fish/dmfd.fish'; complete -C '${line}'`;
  return lines('fish', '--no-config', '-c', script).map((offer) => offer.replace(/\t.*/, ''));
}

function lines(program: string, ...words: string[]): string[] {
  const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder };
  return execFileSync(program, words, { encoding: 'utf8', env }).split('\n').filter(Boolean);
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

test('rm and resize are offered the names of devices', () => {
  const script = `source '${folder}/bash/dmfd'; cat() { printf 'one\\ntwo\\nthree\\n'; }
    COMP_WORDS=(dmfd rm t); COMP_CWORD=2; _dmfd; printf '%s\\n' "\${COMPREPLY[@]}"`;
  expect(lines('bash', '--norc', '-c', script)).toEqual(['two', 'three']);
  for (const command of ['rm', 'resize']) {
    expect(inBash('dmfd', command, 'nothing-is-called-so')).toEqual([]);
    expect(inFish(`dmfd ${command} nothing-is-called-so`)).toEqual([]);
  }
});

test('after -- bash offers programs, then placeholders', () => {
  expect(inBash('dmfd', 'create', '--', 'mkfs.ext')).toContain('mkfs.ext4');
  expect(inBash('dmfd', 'create', '--', 'mkfs.ext4', '{d')).toEqual(['{dev}', '{diskseq}']);
});

test('what zsh is given has each option once, and is zsh', () => {
  const text = execFileSync('cat', [`${folder}/zsh/_dmfd`], { encoding: 'utf8' });
  execFileSync('zsh', ['-n', `${folder}/zsh/_dmfd`]);
  for (const [command, long] of options) {
    const own = text.slice(text.indexOf(`  (${command})\n`)).split(';;')[0];
    expect(own?.split(`'*${long}[`)).toHaveLength(2);
  }
});
