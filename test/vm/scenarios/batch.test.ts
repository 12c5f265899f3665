import { afterEach, expect, test } from 'vitest';
import {
  everything,
  expectedMode,
  expectNothingLeft,
  image,
  sh,
  standing,
  thorough,
  vm,
  whole,
} from './support.js';

afterEach(expectNothingLeft);

interface Answer {
  readonly line: number;
  readonly id?: string | number;
  readonly name?: string;
  readonly released?: string;
  readonly gone?: boolean;
  readonly error?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

const answersIn = (text: string): Answer[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

const requests = (...lines: readonly (object | string)[]): string =>
  lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');

/** What is made while a batch goes on is counted, with what holds it. */
const COUNT = 'ls -d /sys/block/dm-* 2>/dev/null | wc -l';

test('each line is answered in its order; a failed one fails alone, and takes back what it had made', async () => {
  const file = await image('batch.img', 4);
  const batch = await vm.start(['dmfd', 'batch', '-']);
  batch.write(requests({ id: 'first', name: 'a', table: '0 16 zero' }));
  await batch.waitForOutput(/\n/, 60_000);
  const { dev, fd } = JSON.parse(batch.stdout);
  expect(await sh(`stat -Lc %Hr:%Lr /proc/${batch.pid}/fd/${fd}`)).toBe(`${dev}\n`);
  batch.write(
    requests(
      { name: 'a', table: '0 8 zero' },
      'nonsense',
      '',
      { id: 5, segments: [{ target: 'linear', backing: { path: file, size: 1048576 } }], readOnly: true },
      { name: 'b', table: '0 8 linear /dev/nowhere 0' },
      { name: 'c', loop: ['/tmp/batch-nowhere'], table: '0 8 linear {loop0} 0' },
      { name: 'd', loop: [file], table: '0 8 frob {loop0} 0' },
      { name: 'e', table: `0 8 linear ${dev} 0` },
      { name: 'f', below: [{ name: 'f-lower', table: '0 8 zero' }], table: '0 8 linear {below} 0' },
      { name: 'g', table: `0 8 crypt aes-xts-plain64 {key} 0 ${dev} 0`, key: { random: 512 } },
      { release: 'f' },
      { release: 'a' },
      { release: 'f' },
    ),
  );
  await batch.waitForOutput(/"line":14.*\n/, 120_000);
  const [first, second, third, fifth, ...rest] = answersIn(batch.stdout);
  expect(first).toMatchObject({
    line: 1,
    id: 'first',
    name: 'a',
    size: 8192,
    mode: expectedMode,
    pid: batch.pid,
    warnings: [],
  });
  expect(second).toMatchObject({
    line: 2,
    error: { kind: 'taken', code: 'name-taken', device: 'a', errno: 'EBUSY' },
  });
  expect(third).toMatchObject({ line: 3, error: { kind: 'usage', code: 'invalid-request' } });
  expect(fifth).toMatchObject({ line: 5, id: 5, size: 1048576, readonly: true, loops: [{ file }] });
  const codes = rest.map(({ line, name, released, gone, error }) => [
    line,
    name ?? released ?? error?.code,
    gone,
  ]);
  expect(codes).toEqual([
    [6, 'lookup-failed', undefined],
    [7, 'loop-file-unusable', undefined],
    // It may not be attached twice.
    [8, 'loop-file-in-use', undefined],
    [9, 'e', undefined],
    [10, 'f', undefined],
    [11, 'g', undefined],
    [12, 'f', true],
    // Two devices stand on it.
    [13, 'a', false],
    [14, 'device-missing', undefined],
  ]);
  const left = (await standing()).split('\n').sort().join();
  expect(left).toMatch(/^dm: a,dm: dmfd-[0-9a-f]{8},dm: e,dm: g,loop: \/tmp\/batch\.img$/);
  batch.closeStdin();
  expect(await batch.exited).toMatchObject({ code: 1, stderr: '' });
});

test('--unordered: what waits for its key holds up no other line; stopped, it leaves nothing', async () => {
  await sh('rm -f /tmp/batch-key; mkfifo /tmp/batch-key; rm -f /tmp/batch-never; mkfifo /tmp/batch-never');
  const batch = await vm.start(['dmfd', 'batch', '--unordered', '-']);
  batch.write(requests({ name: 'ground', table: '0 16 zero' }));
  await batch.waitForOutput(/\n/, 60_000);
  const { dev } = JSON.parse(batch.stdout);
  const keyed = (name: string, from: number) => ({
    name,
    table: `0 8 crypt aes-xts-plain64 {key} 0 ${dev} ${from}`,
    key: { file: `/tmp/batch-${name}` },
  });
  batch.write(requests(keyed('key', 0), keyed('never', 8), { name: 'soon', table: '0 8 zero' }));
  await batch.waitForOutput(/"name":"soon".*\n/, 120_000);
  expect(answersIn(batch.stdout).map(({ name }) => name)).toEqual(['ground', 'soon']);
  await sh('head -c 64 /dev/urandom >/tmp/batch-key');
  await batch.waitForOutput(/"name":"key".*\n/, 120_000);
  expect(answersIn(batch.stdout).map(({ line, name }) => [line, name])).toEqual([
    [1, 'ground'],
    [4, 'soon'],
    [2, 'key'],
  ]);
  batch.signal('SIGTERM');
  expect(await batch.exited).toMatchObject({ code: 0, stderr: '' });
  await sh('rm /tmp/batch-key /tmp/batch-never');
});

thorough(
  'a file is answered, and its devices are held until a signal or the end of standard input',
  async () => {
    await sh(
      `printf '{"name":"a","table":"0 8 zero"}\\r\\n\\n{"name":"b","table":"0 8 zero"}' >/tmp/batch-file`,
    );
    for (const end of whole ? ['SIGTERM', 'end of input'] : ['SIGINT']) {
      const batch = await vm.start(['dmfd', 'batch', '/tmp/batch-file']);
      await batch.waitForOutput(/"line":3.*\n/, 60_000);
      await sh('sleep 0.3');
      expect(await standing()).toBe('dm: a\ndm: b');
      if (end === 'end of input') batch.closeStdin();
      else batch.signal(end as NodeJS.Signals);
      expect(await batch.exited).toMatchObject({ code: 0, stderr: '' });
      await expectNothingLeft();
    }
  },
);

const SLICES = `n=0; while [ $n -lt 300 ]; do n=$((n+1)); echo '{"name":"slice'$n'","table":"0 '$n' zero"}'; done`;

const many = everything ? 300 : 50;

test(`${many} devices; a SIGKILL in the midst leaves nothing`, async () => {
  await sh(`${SLICES} | head -n ${many} >/tmp/batch-many`);
  const batch = await vm.start(['dmfd', 'batch', '/tmp/batch-many'], { stdin: 'null', timeoutMs: 200_000 });
  await batch.waitForOutput(new RegExp(`"line":${many}.*\n`), 200_000);
  expect(await sh(COUNT)).toBe(`${many}\n`);
  const answers = answersIn(batch.stdout);
  expect(answers.map(({ line, size }) => size === line * 512)).toEqual(Array(many).fill(true));
  expect(new Set(answers.map(({ minor }) => minor)).size).toBe(many);
  batch.signal('SIGKILL');
  expect(await batch.exited).toMatchObject({ signal: 'SIGKILL' });
  await sh(`until [ "$(${COUNT})" = 0 ]; do sleep 0.2; done`);

  const killed = await vm.start(['dmfd', 'batch', '/tmp/batch-many'], { stdin: 'null' });
  await killed.waitForOutput(/"line":20,.*\n/, 120_000);
  killed.signal('SIGKILL', 'session');
  await killed.exited;
  await sh(`until [ "$(${COUNT})" = 0 ]; do sleep 0.2; done`);
});

thorough('a reader that goes and one that does not read leave nothing', async () => {
  await sh(`${SLICES} >/tmp/batch-300`);
  // The pipe takes the answers of fewer than 300 lines.
  const outcome = await sh(`
    { dmfd batch - </tmp/batch-300; echo $? >/tmp/batch-status; } 2>/tmp/batch-said | head -n 3 | wc -l; cat /tmp/batch-status /tmp/batch-said; rm /tmp/batch-status
    { dmfd batch - </tmp/batch-300 & echo $! >/tmp/batch-pid; wait $!; echo $? >/tmp/batch-status; } |
      { until grep -qs slice150 /sys/block/dm-*/dm/name; do sleep 0.2; done; sleep 3; ${COUNT}
        kill $(cat /tmp/batch-pid); until [ -s /tmp/batch-status ]; do sleep 0.1; done; cat /tmp/batch-status; }`);
  expect(outcome).toMatch(/^3\n125\ndmfd: write to standard output: EPIPE, broken pipe\n/);
  expect(outcome).toMatch(/\n(1[5-9]\d|2\d\d)\n0\n$/);
});

thorough('descriptors that are too few are told for the line alone, before anything is made', async () => {
  await sh(`${SLICES} | head -n 60 >/tmp/batch-60`);
  const { code, stdout } = await vm.sh('ulimit -n 64; dmfd batch - </tmp/batch-60', { timeoutMs: 120_000 });
  expect(code).toBe(1);
  const answers = answersIn(stdout);
  expect(answers).toHaveLength(60);
  const made = answers.findIndex(({ error }) => error !== undefined);
  expect(made).toBeGreaterThan(10);
  for (const { error } of answers.slice(made)) {
    expect(error).toMatchObject({ kind: 'system', code: 'resource-limit' });
    // Nothing was asked of the kernel.
    expect(error).not.toHaveProperty('operation');
  }
});

test.runIf(everything)(
  '1,000 devices in one process (in `make bench` 10,000)',
  async () => {
    await sh(
      `n=0; while [ $n -lt 1000 ]; do n=$((n+1)); echo '{"table":"0 8 zero"}'; done >/tmp/batch-1000`,
      600_000,
    );
    const batch = await vm.start(['sh', '-c', 'ulimit -n 5000; exec dmfd batch /tmp/batch-1000'], {
      stdin: 'null',
      timeoutMs: 0,
    });
    await batch.waitForOutput(/"line":1000,.*\n/, 1_500_000);
    expect(await sh(COUNT)).toBe('1000\n');
    const status = await sh(`grep VmRSS /proc/${batch.pid}/status`);
    expect(Number(/\d+/.exec(status)?.[0])).toBeLessThan(200_000);
    batch.signal('SIGTERM');
    expect(await batch.exited).toMatchObject({ code: 0 });
    await sh(`until [ "$(${COUNT})" = 0 ]; do sleep 1; done`, 600_000);
  },
  2_400_000,
);
