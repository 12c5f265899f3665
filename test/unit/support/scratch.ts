import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished, TestRunner } from 'vitest';

/** A new folder, there as long as the test that asks for it or, outside of tests, as the file. Not for a beforeAll(). */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dmfd-test-'));
  const atItsEnd = TestRunner.getCurrentTest() === undefined ? afterAll : onTestFinished;
  atItsEnd(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A file's tests have a new folder as current directory. The process runs other files, too. */
export function inScratchFolder(): void {
  const folder = scratchFolder();
  const before = process.cwd();
  beforeAll(() => process.chdir(folder));
  afterAll(() => process.chdir(before));
}
