import { afterEach, beforeAll, expect, test } from 'vitest';
import { compileExamples } from '../../examples.js';
import { program } from '../../programs.js';
import { vmFile } from '../harness/checkout.js';
import { atCall } from './at-call.js';
import {
  expectedMode,
  expectNothingLeft,
  image,
  inBareDev,
  kernelKnows,
  sampleOf,
  sh,
  thorough,
  vm,
} from './support.js';

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

test('the examples of the documents run', async () => {
  const folder = `examples-${vm.kernel.name}`;
  for (const { program } of sampleOf(compileExamples(folder), 2)) {
    expect(
      await sh(`cd /tmp && cp library.img disk.img && cp library.img changes.img && node ${program}`),
    ).toBe('');
    await expectNothingLeft();
  }
});

test('a child gets the descriptor through stdio, and is then the only holder', async () => {
  expect(await sh(script('handing-over'))).toBe('ok\n');
});

test('failures of every kind are told, and cost no descriptor', async () => {
  expect(await sh(`${script('failures')} ${expectedMode}`)).toMatch(/^ok 2\d\n$/);
});

const killAt = program('kill-at');

test('a killed shield costs the process that lives on no descriptor', async () => {
  // After the creation of either kind; after load and opening; before a proof; while the file in /sys is read; after the
  // deferred removal. Without disk sequence numbers that file is not read, and the deferred removal comes that much earlier.
  const late = kernelKnows('diskseq') ? [20, 26] : [20];
  const points = [
    ['auto', 4],
    ['fallback', 4],
    ['fallback', 6],
    ['fallback', 10],
    ['fallback', 14],
    ...late.map((point) => ['fallback', point] as const),
  ] as const;
  for (const [mode, point] of sampleOf(points, 7)) {
    expect(await sh(`${killAt} shield ${point} ${script('killed-shield')} ${mode}`)).toMatch(
      /^killed shield .*\nok\n$/,
    );
    await expectNothingLeft();
  }
});

thorough('so does one that is killed after a control device was opened through a private node', async () => {
  const opened = `${killAt} shield 8 ${script('killed-shield')} fallback </dev/null`;
  expect(await sh(inBareDev(opened))).toMatch(/^killed shield .*\nok\n$/);
});

thorough(
  'the event loop goes on during a long table load and a wait for a key, also one of its own',
  async () => {
    expect(await sh(`${script('event-loop')} /tmp/library.img`)).toBe('ok\n');
  },
);

thorough('it goes on while the control device is opened', async () => {
  // To open the control device takes seconds now, as where a module has to be loaded.
  const slowly = atCall('/dev/mapper/control', { nth: 0, run: 'sleep 2' });
  expect(await sh(`${slowly} ${script('slow-control')}`)).toBe('ok\n');
});

thorough('a signal ends every wait, and a listener that throws at any step leaves nothing', async () => {
  expect(await sh(`${script('aborted')} /tmp/library.img`)).toBe('ok\n');
});

thorough('16 at once, from several threads, beside child processes that get none of it', async () => {
  expect(await sh(`${script('many')} 4`)).toBe('ok\n');
});
