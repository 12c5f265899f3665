import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { distribution } from '../support/distribution.js';
import { scratchFolder } from '../support/scratch.js';

const reporter = join(scratchFolder(), 'report.mjs');

beforeAll(() => {
  writeFileSync(
    reporter,
    `import { callerArguments, callerEnvironment } from ${JSON.stringify(distribution('handoff/caller.js'))};
     const arguments_ = callerArguments(Number(process.argv[2]));
     console.log(JSON.stringify({ arguments_, environment: callerEnvironment() }));`,
  );
});

/** A real child, with words that only a shell can make: spawnSync() would encode them. */
function report(count: number, words: string, before = ''): { arguments_: string[]; environment: string[] } {
  const script = `${before} exec "$0" "$1" ${count} ${words}`;
  const { stdout, stderr } = spawnSync('sh', ['-c', script, process.execPath, reporter], {
    env: { PLAIN: '1' },
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

test('the arguments are the bytes that the caller gave', () => {
  const words = `"$(printf '\\377\\376')" 'a b' '' "$(printf 'two\\nlines')" '--' 'ü'`;
  expect(report(6, words).arguments_).toEqual(['\xff\xfe', 'a b', '', 'two\nlines', '--', 'Ã¼']);
});

test.each([
  [0, []],
  [1, ['c']],
  [2, ['', 'c']],
])('the last %i', (count, words) => {
  expect(report(count, `a b '' c`).arguments_).toEqual(words);
});

test('the environment is the bytes that the caller gave', () => {
  const { environment } = report(0, '', `export EMPTY= ODD="$(printf '\\377=')";`);
  expect(environment).toEqual(expect.arrayContaining(['PLAIN=1', 'ODD=\xff=', 'EMPTY=']));
});
