import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { collect, parseFd, parseMode, parseSeconds, parseUdev } from '../../../src/cli/option-values.js';
import { refusal } from '../support/refusal.js';

/** Node has raised its soft limit to the hard one. */
const limit = Number(spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout);

describe('--fd', () => {
  test.each([
    ['0', 0],
    ['3', 3],
    ['007', 7],
    [String(limit - 1), limit - 1],
  ])('%s', (value, fd) => {
    expect(parseFd('--fd')(value)).toBe(fd);
  });

  test.each(['', '-1', '+3', '3.0', '0x3', '3 ', 'stdin', '1e1', '٣', String(limit)])('not %j', (value) => {
    expect(refusal(() => parseFd('--fd')(value))).toMatchObject({
      kind: 'usage',
      message: `--fd ${value}: it must be a descriptor number from 0 to ${limit - 1} (see ulimit -n)`,
    });
  });
});

describe('--mode', () => {
  test.each(['auto', 'atomic', 'fallback'])('%s', (mode) => {
    expect(parseMode(mode)).toBe(mode);
  });

  test.each(['', 'Auto', 'toString', 'auto '])('not %j', (mode) => {
    expect(refusal(() => parseMode(mode)).message).toBe(
      `--mode ${mode}: it must be one of auto, atomic, fallback`,
    );
  });
});

describe('--udev', () => {
  test.each(['quiet', 'full', 'none'])('%s', (mode) => {
    expect(parseUdev(mode)).toBe(mode);
  });

  test.each(['', 'Full', 'name-only', 'yes'])('not %j', (mode) => {
    expect(refusal(() => parseUdev(mode)).message).toBe(
      `--udev ${mode}: it must be one of quiet, full, none`,
    );
  });
});

describe('--wait-gone', () => {
  test.each([
    ['0', 0],
    ['1', 1000],
    ['0.5', 500],
    ['86400', 86_400_000],
  ])('%s', (value, milliseconds) => {
    expect(parseSeconds('--wait-gone')(value)).toBe(milliseconds);
  });

  test.each(['', '-1', 'soon', '1s', '.5', '1e3', 'Infinity', '86401'])('not %j', (value) => {
    expect(refusal(() => parseSeconds('--wait-gone')(value)).message).toBe(
      `--wait-gone=${value}: it must be a number of seconds, at most 86400`,
    );
  });
});

test('what is repeated is collected in order', () => {
  expect(
    ['a', 'b', 'a'].reduce<string[] | undefined>((before, value) => collect(value, before), undefined),
  ).toEqual(['a', 'b', 'a']);
});
