import { expect } from 'vitest';
import { expectNothingLeft, sh, vm } from '../support.js';

/** A look at the guest from outside: a shell script, and what it has to print. */
export type Look = readonly [script: string, prints: string | RegExp];

export interface Claims {
  /** What is to be seen just before the line of the recipe that begins so. */
  readonly before?: Readonly<Record<string, Look>>;
  readonly stdout?: string | RegExp;
  readonly stderr?: string | RegExp;
  readonly status?: number;
  /** What is to be seen in the recipe's directory when all is over. */
  readonly afterwards?: Look;
}

const DIRECTORY = '/tmp/recipe';
const LOOKS = '/tmp/recipe-looks';

/** Without udevd, nobody else makes the nodes in /dev/mapper, and nobody answers those who wait for it. */
const BY_SHELL = '[ -e /run/udev/control ] || export DM_DISABLE_UDEV=1; exec sh -euc "$0"';

/** Runs a recipe as a reader would, in an empty directory, and compares what it claims with what is to be seen. */
export async function runRecipe(text: string, claims: Claims): Promise<void> {
  const { before = {}, stdout = '', stderr = '', status = 0, afterwards } = claims;
  await sh(`rm -rf ${DIRECTORY} ${LOOKS}; mkdir ${DIRECTORY} ${LOOKS}`);
  const result = await vm.run(['sh', '-c', BY_SHELL, withLooks(text, before)], { cwd: DIRECTORY });
  const told = `${result.stdout}${result.stderr}`;
  expect(result.code, told).toBe(status);
  expectText(result.stdout, stdout);
  expectText(result.stderr, stderr);
  for (const [index, [, prints]] of Object.values(before).entries())
    expectText(await sh(`cat ${LOOKS}/${index}`), prints);
  await expectNothingLeft();
  // What dmsetup made without udevd, dmsetup would remove.
  await sh('find /dev/mapper -type b -delete');
  if (afterwards) expectText(await sh(`cd ${DIRECTORY}; ${afterwards[0]}; :`), afterwards[1]);
}

function withLooks(text: string, before: Readonly<Record<string, Look>>): string {
  const looks = Object.entries(before);
  const lines = text.split('\n').map((line) => {
    const index = looks.findIndex(([start]) => line.startsWith(start));
    const look = looks[index]?.[1];
    if (look === undefined) return line;
    looks.splice(index, 1, ['\n', look]);
    return `( set +eu; ${look[0]}; : ) </dev/null >${LOOKS}/${index} 2>&1\n${line}`;
  });
  const missed = looks.map(([start]) => start).filter((start) => start !== '\n');
  if (missed.length > 0) throw new Error(`the recipe has no line that begins with ${missed.join(', or ')}`);
  return lines.join('\n');
}

function expectText(text: string, expected: string | RegExp): void {
  if (typeof expected === 'string') expect(text).toBe(expected);
  else expect(text).toMatch(expected);
}
