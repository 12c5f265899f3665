import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../harness/checkout.js';

/** The program of docs/serve.md. */
export const EXAMPLE = exampleIn(readFileSync(join(checkout, 'docs/serve.md'), 'utf8'));

/** Its functions. */
export const CLIENT = EXAMPLE.slice(0, EXAMPLE.indexOf('\nanswer, [fd] ='));

/** Runs a program in Python that has these functions. */
export function python(body: string, client = CLIENT): string[] {
  return ['/usr/bin/python3', '-SE', '-c', `${client}\nimport os, sys\n${body}`];
}

function exampleIn(page: string): string {
  const [, example] = /^```python\n(.*?)^```$/ms.exec(page) ?? [];
  if (example === undefined) throw new Error('docs/serve.md has no example in Python');
  return example;
}
