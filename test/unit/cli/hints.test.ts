import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HINTS, hintFor } from '../../../src/cli/hints.js';
import { program } from '../../../src/cli/program.js';
import { ERROR_CODES } from '../../../src/errors.js';

const SOURCES = new URL('../../../src', import.meta.url).pathname;

const OPTIONS = new Set(program().commands.flatMap(({ options }) => options.map(({ long }) => long)));

/** The options that a text names, whatever program they belong to. */
const namedIn = (text: string) => text.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? [];

test('every code has its line, if an empty one', () => {
  expect(Object.keys(HINTS).sort()).toEqual([...ERROR_CODES].sort());
});

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

test.each(LIBRARY)('%s speaks of no option', (file) => {
  const code = readFileSync(join(SOURCES, file), 'utf8').replace(/^\s*(\/?\*|\/\/).*$/gm, '');
  expect(namedIn(code).filter((option) => OPTIONS.has(option))).toEqual([]);
});
