import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HINTS, hintFor, OPTIONS } from '../../../src/cli/hints.js';
import { program } from '../../../src/cli/program.js';

const SOURCES = new URL('../../../src', import.meta.url).pathname;

const COMMANDS = program().commands;
const EXISTING = new Set(COMMANDS.flatMap(({ options }) => options.map(({ long }) => long)));
const A_COMMAND = new RegExp(`\\bdmfd (${COMMANDS.map((command) => command.name()).join('|')})\\b`, 'g');

/** The options that a text names, whatever program they belong to. */
const namedIn = (text: string) => text.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? [];

test.each(Object.entries(HINTS).filter(([, hint]) => hint !== undefined))(
  'the hint for %s names options that exist',
  (_code, hint) => {
    for (const option of namedIn(hint ?? '')) expect(EXISTING).toContain(option);
  },
);

test('an error without a hint of the command line’s has that of the library, with options for properties', () => {
  expect(hintFor({ code: 'key-unused', hint: 'as `it` stands' })).toBe('as `it` stands');
  expect(hintFor({ code: 'uuid-taken', hint: 'another `uuid`, or `force`' })).toBe(
    'another --uuid, or --force',
  );
  expect(hintFor({ code: 'key-unused', hint: undefined })).toBeUndefined();
  expect(hintFor({ code: 'loop-missing', hint: 'give the file as `loop`' })).toMatch(/--loop FILE/);
});

test('the option for a property exists, and is called as the property', () => {
  for (const [property, option] of OPTIONS) {
    expect(EXISTING).toContain(option);
    expect(option).toBe(`--${property.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  }
});

// What is served to launchers is the command line.
const LIBRARY = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.startsWith('cli/') && !file.startsWith('serve/launcher/'),
);

/** Of these, the command line says more than an option. */
const MORE_THAN_AN_OPTION = ['key', 'loop', 'readOnly'];

test('each property that a hint names has an option, or a hint of the command line’s', () => {
  // The service's methods are no command's.
  const files = LIBRARY.filter((file) => !file.startsWith('serve/'));
  const texts = files.flatMap((file) => readFileSync(join(SOURCES, file), 'utf8').match(/'[^'\n]*'/g) ?? []);
  const named = texts.flatMap((text) => Array.from(text.matchAll(/`(\w+)`/g), ([, property]) => property));
  expect([...new Set(named)].sort()).toEqual([...OPTIONS.keys(), ...MORE_THAN_AN_OPTION].sort());
});

test.each(LIBRARY)('%s speaks of no option, and of no command', (file) => {
  const code = readFileSync(join(SOURCES, file), 'utf8').replace(/^\s*(\/?\*|\/\/).*$/gm, '');
  expect(namedIn(code).filter((option) => EXISTING.has(option))).toEqual([]);
  // A room for one command may name that.
  const commands = [...code.matchAll(A_COMMAND)].map(([, name]) => name);
  expect(commands.filter((name) => !file.startsWith(`${name}/`))).toEqual([]);
});
