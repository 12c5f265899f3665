import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HINTS, hintFor } from '../../../src/cli/hints.js';
import { program } from '../../../src/cli/program.js';

const SOURCES = new URL('../../../src', import.meta.url).pathname;

const COMMANDS = program().commands;
const OPTIONS = new Set(COMMANDS.flatMap(({ options }) => options.map(({ long }) => long)));
const A_COMMAND = new RegExp(`\\bdmfd (${COMMANDS.map((command) => command.name()).join('|')})\\b`, 'g');

/** The options that a text names, whatever program they belong to. */
const namedIn = (text: string) => text.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? [];

test.each(Object.entries(HINTS).filter(([, hint]) => hint !== undefined))(
  'the hint for %s names options that exist',
  (_code, hint) => {
    for (const option of namedIn(hint ?? '')) expect(OPTIONS).toContain(option);
  },
);

test('an error without a hint of the command line’s has that of the library', () => {
  expect(hintFor({ code: 'key-unused', hint: 'as it stands' })).toBe('as it stands');
  expect(hintFor({ code: 'uuid-taken', hint: 'choose another `uuid`' })).toMatch(/--uuid/);
});

// What is served to launchers is the command line.
const LIBRARY = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.startsWith('cli/') && !file.startsWith('serve/launcher/'),
);

test.each(LIBRARY)('%s speaks of no option, and of no command', (file) => {
  const code = readFileSync(join(SOURCES, file), 'utf8').replace(/^\s*(\/?\*|\/\/).*$/gm, '');
  expect(namedIn(code).filter((option) => OPTIONS.has(option))).toEqual([]);
  // A room for one command may name that.
  const commands = [...code.matchAll(A_COMMAND)].map(([, name]) => name);
  expect(commands.filter((name) => !file.startsWith(`${name}/`))).toEqual([]);
});
