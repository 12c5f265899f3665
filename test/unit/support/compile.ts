import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where native-shims/*.h are. */
export const SHIM_HEADERS = fileURLToPath(new URL('../../../native-shims', import.meta.url));

/** Compiles a C program, runs it, and returns its standard output, bytes as they are. */
export function runC(source: string): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'dmfd-c-'));
  try {
    const file = join(directory, 'program.c');
    const program = join(directory, 'program');
    writeFileSync(file, source);
    run('cc', ['-std=gnu11', '-Wall', '-Wextra', '-Werror', `-I${SHIM_HEADERS}`, '-o', program, file]);
    return run(program, []);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function run(command: string, words: readonly string[]): Buffer {
  const { status, stdout, stderr, error } = spawnSync(command, words);
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stderr}`);
  return stdout;
}

/** What integer C expressions come to, by their own text. */
export function evaluateC(headers: readonly string[], expressions: readonly string[]): Map<string, bigint> {
  const source = [
    '#include <stdio.h>',
    '#include <stddef.h>',
    ...headers.map((header) => `#include ${header}`),
    'int main(void) {',
    ...expressions.map((expression) => `  printf("%llu\\n", (unsigned long long)(${expression}));`),
    '  return 0;',
    '}',
  ].join('\n');
  const numbers = runC(source).toString('ascii').trim().split('\n').map(BigInt);
  return new Map(expressions.map((expression, index) => [expression, numbers[index] ?? -1n]));
}
