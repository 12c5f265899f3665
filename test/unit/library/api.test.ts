import { expect, test } from 'vitest';
import { startNode } from '../support/in-child.js';

/** A program that uses the built package, which has to end by itself. */
const run = (body: string) =>
  startNode({ 'createDevice, createSwap, listDevices, DmfdError': 'index.js' }, body).result;

test('what is wrong with a request rejects the promise, and is not thrown', async () => {
  const { stdout, stderr, code } = await run(`
    for (const call of [() => createDevice({ tabel: 1 }), () => createSwap(5), () => createDevice()]) {
      const promise = call();
      await promise.catch((error) => console.log(error instanceof DmfdError, error.code));
    }`);
  expect(stderr).toBe('');
  expect(stdout).toBe('true invalid-request\n'.repeat(3));
  expect(code).toBe(0);
});

test('a call in a thread comes to something, and no thread keeps the process alive', async () => {
  const { stdout, stderr, code } = await run(`
    const answer = await createDevice({ table: '0 8 zero' }).catch((error) => error);
    // Where device-mapper is there, and one may use it, it is a device.
    console.log(answer instanceof Error ? answer instanceof DmfdError && answer.code !== undefined : answer.fd >= 0);
    answer.close?.();`);
  expect(stderr).toBe('');
  expect(stdout).toBe('true\n');
  expect(code).toBe(0);
});

test('a signal that has come already is the reason', async () => {
  const { stdout } = await run(`
    await createDevice({ table: '0 8 zero' }, { signal: AbortSignal.abort('enough') }).catch(console.log);
    await listDevices({ signal: AbortSignal.abort('too much') }).catch(console.log);`);
  expect(stdout).toBe('enough\ntoo much\n');
});

test('a signal ends the wait for a turn', async () => {
  const { stdout, code } = await run(`
    const many = Array.from({ length: 40 }, () => listDevices().catch(() => 'told'));
    const controller = new AbortController();
    const last = listDevices({ signal: controller.signal });
    controller.abort('no turn');
    await last.catch(console.log);
    console.log((await Promise.all(many)).length);`);
  expect(stdout).toBe('no turn\n40\n');
  expect(code).toBe(0);
});

test('one signal for many calls ends them all, and Node does not warn of a leak', async () => {
  const { stdout, stderr } = await run(`
    const controller = new AbortController();
    const calls = Array.from({ length: 40 }, () => listDevices({ signal: controller.signal }));
    controller.abort('ended');
    console.log((await Promise.allSettled(calls)).filter(({ reason }) => reason === 'ended').length);`);
  expect({ stdout, stderr }).toEqual({ stdout: '40\n', stderr: '' });
});

test('a signal that comes right after the call is heard', async () => {
  const { stdout } = await run(`
    for (const call of [(options) => listDevices(options), (options) => createDevice({ table: '0 8 zero' }, options)]) {
      const controller = new AbortController();
      const promise = call({ signal: controller.signal });
      controller.abort('heard');
      await promise.catch(console.log);
    }`);
  expect(stdout).toBe('heard\nheard\n');
});

const CALLS = [
  ...['createDevice', 'createDeviceSync', 'planDevice', 'planDeviceSync'],
  ...['createSwap', 'createSwapSync', 'planSwap', 'planSwapSync'],
  ...['listDevices', 'removeDevice', 'resizeDevice', 'reapDevices', 'findHolders', 'waitGone', 'probe'],
];

test('options and devices of the wrong type reject the promise with a usage error, and the process ends', async () => {
  const { stdout, stderr, code } = await startNode(
    {
      [CALLS.join()]: 'index.js',
    },
    `const device = { uuid: 'x', major: 1, minor: 1, diskseq: 1n, loops: [], below: [] };
    for (const call of [
      () => listDevices({ signal: 'x' }),
      () => listDevices(null),
      () => listDevices({ onStep: 'x' }),
      () => createDevice({ table: '0 8 zero' }, null),
      () => createSwap({ backing: 'b' }, null),
      () => planSwap({ backing: 'b' }, null),
      () => reapDevices({ devices: 'x' }),
      () => reapDevices({ signal: AbortSignal.abort() }),
      () => findHolders({ major: 'x', minor: 1 }),
      () => findHolders({ major: () => 1, minor: 1 }),
      () => listDevices({ all: 1 }),
      () => removeDevice({}),
      () => removeDevice('a'),
      () => removeDevice({ device: 'a', diskseq: 1n }),
      () => removeDevice({ diskseq: 1 }),
      () => removeDevice({ device: 'a' }, null),
      () => resizeDevice({ device: 'a', size: 512 }),
      () => resizeDevice({ device: 'a', size: 513n }),
      () => resizeDevice({ device: 'a', toBacking: true }),
      () => waitGone(),
      () => waitGone({}, 1),
      () => waitGone({ ...device, diskseq: 1 }, 1),
      () => waitGone({ ...device, minor: -1 }, 1),
      () => waitGone({ ...device, loops: [{}] }, 1),
      () => waitGone({ ...device, below: [device, {}] }, 1),
      () => waitGone({ ...device, below: [null] }, 1),
      () => waitGone(device),
      () => waitGone(device, 'x'),
      () => waitGone(device, NaN),
      () => waitGone(device, Infinity),
      () => waitGone(device, 1, null),
      () => waitGone(device, 1, { signal: 'x' }),
      () => findHolders(),
      () => findHolders(null),
      () => findHolders({ major: NaN, minor: 1 }),
      () => findHolders({ major: 1, minor: 1 }, null),
      () => probe(null),
      () => reapDevices(null),
      () => reapDevices({ dryRun: true }, null),
      () => removeDevice(),
      () => resizeDevice(),
      () => createDevice(null),
      () => planDevice(),
      () => planDevice({ table: '0 8 zero' }, null),
      async () => createDeviceSync(),
      async () => planDeviceSync(null),
      async () => createSwapSync(Symbol()),
      async () => planSwapSync(),
    ]) await call().catch((error) => console.log(error.code ?? error));`,
  ).result;
  expect(stderr).toBe('');
  expect(stdout).toBe('invalid-request\n'.repeat(48));
  expect(code).toBe(0);
});
