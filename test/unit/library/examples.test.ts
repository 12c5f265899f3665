import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compileExamples } from '../../examples.js';

test('the examples in the documents are of the types that the package has', () => {
  const examples = compileExamples('examples-unit');
  expect(examples.map(({ page }) => page)).toEqual([
    'README.md',
    'docs/library.md',
    'docs/library.md',
    'docs/library.md',
  ]);
  expect(examples.map(({ program }) => existsSync(program))).not.toContain(false);
});
