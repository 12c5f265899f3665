import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { program } from '../../programs.js';
import { checkout } from '../../vm/harness/checkout.js';

/** Runs the program that programs.mk makes of a C file beside a test; returns the lines that it prints. */
export function runCFile(file: URL): string[] {
  const path = relative(join(checkout, 'test'), fileURLToPath(file));
  return run(program(path.replace(/\.c$/, '')), []);
}

function runC(source: string): string[] {
  return inScratch((directory) => {
    const file = join(directory, 'program.c');
    writeFileSync(file, source);
    return compileAndRun(directory, file);
  });
}

function inScratch<T>(use: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'dmfd-c-'));
  try {
    return use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function compileAndRun(directory: string, file: string): string[] {
  const [compiler = '', ...flags] = readFileSync(program('compiler'), 'utf8').trim().split(' ');
  const made = join(directory, 'program');
  run(compiler, [...flags, '-o', made, file]);
  return run(made, []);
}

function run(command: string, words: readonly string[]): string[] {
  const { status, stdout, stderr, error } = spawnSync(command, words, { cwd: checkout, encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stderr}`);
  return stdout.trimEnd().split('\n');
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
  const numbers = runC(source).map(BigInt);
  return new Map(expressions.map((expression, index) => [expression, numbers[index] ?? -1n]));
}
