import { afterEach, beforeAll, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { vmFile } from '../harness/checkout.js';
import { expectedMode, expectNothingLeft, image, sh } from './support.js';

/** Runs a program of library/ in the guest, where it imports dmfd as any program does. */
const script = (name: string): string => `node ${vmFile(`scenarios/library/${name}.mjs`)}`;

beforeAll(async () => {
  await image('library.img', 1);
});

afterEach(expectNothingLeft);

test('a device is made, described, used, and let go of by close, release and dispose', async () => {
  expect(await sh(`${script('lifecycle')} /tmp/library.img ${expectedMode}`)).toBe('ok\n');
  expect(await sh('dd if=/tmp/library.img bs=4096 skip=1 count=1 status=none | head -c 14')).toBe(
    'by the library',
  );
});

test('a child gets the descriptor through stdio, and is then the only holder', async () => {
  expect(await sh(script('handing-over'))).toBe('ok\n');
});

test('failures of every kind are told, and cost no descriptor', async () => {
  expect(await sh(`${script('failures')} ${expectedMode}`)).toMatch(/^ok 2\d\n$/);
});

test('a killed shield costs the process that lives on no descriptor', async () => {
  const killAt = program('kill-at');
  // After the creation of either kind; after load and opening; before a proof; while the file in /sys is read; after the doom.
  for (const [mode, point] of [
    ['auto', 4],
    ['fallback', 4],
    ['fallback', 6],
    ['fallback', 10],
    ['fallback', 14],
    ['fallback', 20],
    ['fallback', 26],
  ]) {
    expect(await sh(`${killAt} shield ${point} ${script('killed-shield')} ${mode}`)).toMatch(
      /^killed shield .*\nok\n$/,
    );
    await expectNothingLeft();
  }
});
