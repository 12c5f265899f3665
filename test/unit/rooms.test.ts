import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { checkout } from '../vm/harness/checkout.js';

const SOURCES = join(checkout, 'src');
const text = (file: string): string => readFileSync(join(SOURCES, file), 'utf8');

/** The table of src/README.md: a room is a folder, or a file. */
const TABLE = new Map(
  [...text('README.md').matchAll(/^\| `([\w./]+)` +\|.*\| ([^|]*?) +\|$/gm)].map(
    ([, room = '', from = '']) => [room.replace(/\/$|\.ts$/, ''), from],
  ),
);

const FILES = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

function imported(file: string, how: RegExp): string[] {
  const paths = [...text(file).matchAll(how)].map(([, path = '']) => path);
  return paths.map((path) => normalize(join(dirname(file), path)).replace(/\.js$/, '.ts'));
}

/** Types too. */
const STATIC = /^(?:import|export|\}).*? from '(\..+?)';$/gm;
const WHEN_NEEDED = /import\('(\..+?)'\)/g;

const IMPORTS = new Map(FILES.map((file) => [file, imported(file, STATIC)]));

const roomOf = (file: string): string => file.replace(/\/.*|\.ts$/, '');

/** The other rooms that a room's files import from. */
function neighbours(room: string, how: RegExp): string[] {
  const files = FILES.filter((file) => roomOf(file) === room).flatMap((file) => imported(file, how));
  return [...new Set(files.map(roomOf))].filter((other) => other !== room);
}

test('the table has each room', () => {
  expect([...TABLE.keys()].sort()).toEqual([...new Set(FILES.map(roomOf))].sort());
  expect([...IMPORTS.values()].flat().filter((file) => !FILES.includes(file))).toEqual([]);
  expect([...IMPORTS.values()].flat().length).toBeGreaterThan(FILES.length);
});

test.each([...TABLE].filter(([room]) => room !== 'index'))('%s imports from %s', (room, from) => {
  const named = from === 'nothing' ? [] : from.split(', ');
  expect(neighbours(room, STATIC).sort()).toEqual(named.toSorted());
  const rooms = [...TABLE.keys()];
  for (const name of named) expect(rooms.indexOf(name)).toBeLessThan(rooms.indexOf(room));
});

test('index.ts only re-exports; only the command line loads another room when it is needed', () => {
  expect(text('index.ts')).not.toMatch(/^import /m);
  const loading = [...TABLE.keys()].map((room) => [room, neighbours(room, WHEN_NEEDED)] as const);
  expect(loading.filter(([, others]) => others.length > 0)).toEqual([['cli', ['batch', 'serve']]]);
});

test('no file imports itself by way of others, not even for types', () => {
  const cleared = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    expect(way.includes(file) ? [...way, file] : []).toEqual([]);
    if (cleared.has(file)) return;
    for (const next of IMPORTS.get(file) ?? []) visit(next, [...way, file]);
    cleared.add(file);
  };
  for (const file of FILES) visit(file, []);
});
