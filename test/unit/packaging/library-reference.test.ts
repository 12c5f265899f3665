import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout } from '../../vm/harness/checkout.js';

const page = execFileSync('node', ['packaging/library-reference.mjs'], { cwd: checkout, encoding: 'utf8' });

test('the reference has each name that the library exports, with its declaration', () => {
  const index = readFileSync(join(checkout, 'src/index.ts'), 'utf8');
  const lists = [...index.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].map(([, list = '']) => list);
  const names = lists.flatMap((list) => list.split(',').map((word) => word.trim().replace(/^type /, '')));
  const sections = page.split(/^### /m).slice(1);
  expect(sections.map((section) => section.split('\n')[0]).sort()).toEqual(names.filter(Boolean).sort());
  for (const section of sections)
    expect(section).toMatch(/^(\w+)\n[\s\S]*```ts\n(?:function|class|interface|type) \1\b/);
});

test('docs/reference.md is this page: "make reference" makes it anew', () => {
  const formatted = execFileSync('node_modules/.bin/biome', ['format', '--stdin-file-path=reference.md'], {
    cwd: checkout,
    encoding: 'utf8',
    input: page,
  });
  expect(readFileSync(join(checkout, 'docs/reference.md'), 'utf8')).toBe(formatted);
});

test('what is private, and the notation of comments, is not in it', () => {
  expect(page).not.toMatch(/#private|\{@link|^ ?\*|^@/m);
  expect(page).toContain('Throws a [`DmfdError`](#dmfderror): `usage`');
  // Of what a type is made of, and what nobody can import, the declaration stands below it.
  expect(page).toContain('type Mode = (typeof MODES)[number];\n\nconst MODES: readonly [');
});
