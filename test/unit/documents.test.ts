import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
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

test('the first use of dmfd in the README has no number: nothing is to be computed', () => {
  const [, first = ''] = /^\$ (dmfd .*)$/m.exec(read('README.md')) ?? [];
  expect(first).toMatch(/^dmfd create --/);
  expect(first).not.toMatch(/\b\d+\b/);
});

test('the README has at most 150 lines, and links to the pages that a reader looks for', () => {
  const readme = read('README.md');
  expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  const linked = [...readme.matchAll(/\]\(([\w./-]+)\)/g)].map(([, target]) => target);
  const own = pages.filter((page) => page.startsWith('docs/') && !OF_OTHER_PAGES.test(page));
  expect(linked).toEqual(expect.arrayContaining([...REQUIRED, ...own]));
});

/** These must stay, whatever becomes of the others. */
const REQUIRED: readonly string[] = [
  ...['recipes', 'swap', 'lifetime', 'how-it-works', 'library', 'ci', 'development', 'stability'].map(
    (name) => `docs/${name}.md`,
  ),
  ...['SECURITY.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'test/kernel/COPYING', 'docs/demo.svg'],
];

/** To which one of the others links. */
const OF_OTHER_PAGES = /^docs\/(reference\.md|performance\/)/;

test('CONTRIBUTING.md says how a release is made', () => {
  expect(read('CONTRIBUTING.md')).toMatch(/^## A release\n\n1\. /m);
});

const packageJson = JSON.parse(read('package.json')) as { version: string; man: string[] };
const commands = program().commands;
const options = commands.flatMap((command) =>
  command.options.flatMap(({ long, hidden }) => (long && !hidden ? [[command.name(), long] as const] : [])),
);

/** A man page, without roff's escapes. */
function manPage(name: string): string {
  return read(`man/${name}.8`)
    .replaceAll('\\-', '-')
    .replace(/\\f[BIR]/g, '');
}

/** The options that head a paragraph there, long and short. */
function explainedIn(page: string): string[] {
  const heads = [...page.matchAll(/^\.TP\n(.*)/gm)].map(([, head = '']) => head);
  return heads.flatMap((head) => head.match(/(?<![\w-])--?[a-z][a-z-]*/gi) ?? []);
}

test.each(commands.map((command) => [`dmfd-${command.name()}`, command.options] as const))(
  '%s(8) explains each option of the command, and no other',
  (name, own) => {
    const flags = own.flatMap(({ short, long, hidden }) => (hidden ? [] : [short, long])).filter(Boolean);
    expect([...new Set(explainedIn(manPage(name)))].sort()).toEqual([...flags].sort());
  },
);

test('dmfd(8) names the page of each command, and explains the options of all', () => {
  const names = commands.map((command) => `dmfd-${command.name()}`);
  const pages = readdirSync(join(checkout, 'man')).sort();
  expect(pages).toEqual(['dmfd.8', 'dmfd-swap-stop.8', ...names.map((name) => `${name}.8`)].sort());
  expect([...packageJson.man].sort()).toEqual(pages.map((page) => `man/${page}`));
  for (const name of names) expect(manPage('dmfd')).toContain(`\n.BR ${name} (8)\n`);
  expect(explainedIn(manPage('dmfd'))).toEqual(['-h', '--help', '-V', '--version']);
});

test.each(['dmfd', 'dmfd-swap-stop', ...commands.map((command) => `dmfd-${command.name()}`)])(
  '%s(8) is of this version, and names no option that does not exist',
  (name) => {
    const page = manPage(name);
    expect(page).toMatch(new RegExp(`^\\.TH DMFD\\S* 8 \\d{4}-\\d\\d-\\d\\d "dmfd ${packageJson.version}" `));
    const known = ['--help', '--version', ...OF_OTHERS, ...options.map(([, long]) => long)];
    const named = page.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? [];
    expect(named.filter((option) => !known.includes(option))).toEqual([]);
  },
);

/** Of cryptsetup and systemd-escape, which the man pages name. */
const OF_OTHERS: readonly string[] = ['--type', '--path'];

test.each([
  ['create', 'docs/create.md'],
  ['batch', 'docs/batch.md'],
  ['swap', 'docs/swap.md'],
  ['ls', 'docs/looking.md'],
  ['rm', 'docs/looking.md'],
  ['resize', 'docs/looking.md'],
  ['reap', 'docs/looking.md'],
  ['serve', 'docs/serve.md'],
  ['probe', 'docs/create.md'],
  ['xen-hotplug', 'docs/xen.md'],
])('the options of %s are explained in %s', (command, page) => {
  const text = read(page);
  const own = options.filter(([name]) => name === command).map(([, long]) => long);
  // Of options that are alike, the page has the first whole: `--key-random`, `-file`.
  const absent = own.filter(
    (long) => !text.includes(long) && !text.includes(`\`${long.replace(/^--[a-z]+/, '')}\``),
  );
  expect(absent).toEqual([]);
});
