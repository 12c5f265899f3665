import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { checkout } from '../../harness/checkout.js';
import { expectNothingLeft, GONE, vm } from '../support.js';

/** A command after a prompt, and what stands below it. */
interface Entered {
  readonly command: string;
  readonly prints: string;
}

interface Surroundings {
  /** Shell, before the first command; it gets the block, for a file that the page prints. */
  readonly before?: (block: readonly Entered[]) => string;
  /** Shell, after the last command. */
  readonly afterwards?: string;
}

/** The pages' blocks of `console`, in their order: of README.md, and below docs/. */
export function consoleBlocks(): Map<string, readonly Entered[]> {
  const pages = execFileSync('git', ['ls-files', 'README.md', 'docs/*.md'], {
    cwd: checkout,
    encoding: 'utf8',
  }).split('\n');
  return new Map(pages.filter(Boolean).flatMap(blocksOf));
}

function blocksOf(page: string): [string, readonly Entered[]][] {
  const text = readFileSync(join(checkout, page), 'utf8');
  return [...text.matchAll(/^```console\n((?:.*\n)*?)```$/gm)].map(([, block = ''], index) => [
    `${page}, ${index + 1}`,
    block
      .split(/^[$#] /m)
      .slice(1)
      .map((part) => ({
        command: part.slice(0, part.indexOf('\n')),
        prints: part.slice(part.indexOf('\n') + 1),
      })),
  ]);
}

const BETWEEN = '\x1e';

/** Types the commands of a block, and compares what each prints with what the page says, but for numbers that vary. */
export async function runConsole(block: readonly Entered[], surroundings: Surroundings): Promise<void> {
  const { before = () => ':', afterwards = ':' } = surroundings;
  const typed = block.map(({ command }) =>
    // The kernel takes away what nobody holds while the reader still types.
    [`printf '\\036'`, ...(command === 'losetup -a' ? ['gone >/dev/null'] : []), command, 'told $?'].join(
      '\n',
    ),
  );
  const script = `${GONE}
told() { [ $1 = 0 ] || echo "ended with $1"; }
{ ${before(block)}
} >/dev/null
${typed.join('\n')}
printf '\\036'
{ ${afterwards}
} >/dev/null`;
  // As on a terminal, both streams are one; what waits for an end of input gets one.
  const { stdout } = await vm.run(['sh', '-c', 'exec sh -c "$0" 2>&1', script], {
    stdin: '',
    timeoutMs: 300_000,
  });
  const [first, ...printed] = stdout.split(BETWEEN);
  const last = printed.pop();
  expect([first, last]).toEqual(['', '']);
  expect(block.map(({ command }, index) => `${command}\n${masked(printed[index] ?? '')}`)).toEqual(
    block.map(({ command, prints }) => expect.stringMatching(patternOf(`${command}\n${masked(prints)}`))),
  );
  await expectNothingLeft();
}

const VARIES: readonly [RegExp, string][] = [
  [/(?<=dmfd-(swap-)?)[0-9a-f]{8}\b/g, 'HEX'],
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID'],
  [/(?<=\/dev\/(dm-|loop))\d+/g, 'N'],
  [/(?<=process )\d+/g, 'PID'],
  [/\b\d+[smhd]\b/g, 'AGE'],
  // Columns are as wide as what is in them.
  [/ +/g, ' '],
  [/ $/gm, ''],
  [/\n+$/, '\n'],
];

function masked(text: string): string {
  return VARIES.reduce((result, [pattern, mask]) => result.replace(pattern, mask), text);
}

/** A line of `…` stands for lines that are left out. */
function patternOf(text: string): RegExp {
  const [first = '', ...rest] = text
    .split(/^…$\n/m)
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${[first, ...rest].join('(?:.*\\n)+')}$`);
}
