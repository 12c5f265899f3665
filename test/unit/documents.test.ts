import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { program } from '../../src/cli/program.js';
import { checkout } from '../vm/harness/checkout.js';

const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: checkout,
  encoding: 'utf8',
})
  .split('\n')
  .filter(Boolean);

function read(page: string): string {
  return readFileSync(join(checkout, page), 'utf8');
}

/** The anchors of a page's headings, as web sites make them. */
function anchors(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- _]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test.each(pages)('the links of %s lead somewhere', (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)]*))?\)/g)];
  const broken = links.filter(([, path = '', anchor]) => {
    const target = path === '' ? page : join(dirname(page), path);
    if (!existsSync(join(checkout, target))) return true;
    return anchor !== undefined && !anchors(target).includes(anchor);
  });
  expect(broken.map(([link]) => link)).toEqual([]);
});

const commands = program(undefined).commands;
const options = commands.flatMap((command) =>
  command.options.flatMap(({ long, hidden }) => (long && !hidden ? [[command.name(), long] as const] : [])),
);

test('the man page has each option of each command, and no other', () => {
  const man = read('bin/dmfd.1').replaceAll('\\-', '-');
  const named = new Set([...man.matchAll(/--[a-z][a-z-]*/g)].map(([option]) => option));
  const known = options.map(([, long]) => long);
  expect(known.filter((long) => !named.has(long))).toEqual([]);
  // Options of other programs, and those of dmfd without a command.
  const others = [...named].filter((option) => !known.includes(option));
  expect(others.filter((option) => !['--help', '--version', ...OF_OTHERS].includes(option))).toEqual([]);
});

/** Of cryptsetup and systemd-escape, which the man page names. */
const OF_OTHERS: readonly string[] = ['--type', '--path'];

test.each([
  ['create', 'docs/create.md'],
  ['swap', 'docs/swap.md'],
])('the options of %s are explained in %s', (command, page) => {
  const text = read(page);
  const own = options.filter(([name]) => name === command).map(([, long]) => long);
  // Of options that are alike, the page has the first whole: `--key-random`, `-file`.
  const absent = own.filter(
    (long) => !text.includes(long) && !text.includes(`\`${long.replace(/^--[a-z]+/, '')}\``),
  );
  expect(absent).toEqual([]);
});
