import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Device } from '../../../src/device/handle.js';
import type { Command } from '../../../src/handoff/command.js';
import { type Ending, startCommand } from '../../../src/handoff/run.js';
import { device } from '../support/device.js';
import { executable } from '../support/distribution.js';
import { startNode } from '../support/in-child.js';
import { refusal } from '../support/refusal.js';
import { scratchFolder } from '../support/scratch.js';

const directory = scratchFolder();
const report = join(directory, 'report');

beforeAll(() => {
  writeFileSync(join(directory, 'no-interpreter'), '#!/nonexistent\n', { mode: 0o755 });
});

/** A shell that gets /dev/zero in place of a device: the shim does not mind what it hands over. */
const shell = (script: string, changes: Partial<Command> = {}): Command => ({
  file: '/bin/sh',
  words: ['sh', '-c', script],
  environment: [`REPORT=${report}`],
  fd: 3,
  placeholders: true,
  ...changes,
});

const zero = () => openSync('/dev/zero', 'r');

/**
 * The runner's own descriptors are nobody's to let go of: all of them are withheld, and the standard streams are not
 * noted as given.
 */
function runCommand(command: Command, handle: Device): Ending {
  return startCommand({ ...command, caller: NOTHING_GIVEN }, handle).end();
}

const NOTHING_GIVEN = {
  ignored: 0n,
  blocked: 0n,
  pending: 0n,
  softDescriptors: 1024n,
  hardDescriptors: 4096n,
  descriptors: [],
  launcher: '/nonexistent',
};

describe('a command that is run', () => {
  test.each([
    ['exit 0', { status: 0 }],
    ['exit 7', { status: 7 }],
    ['exit 255', { status: 255 }],
    ['kill -TERM $$', { signal: 15 }],
    ['kill -KILL $$', { signal: 9 }],
  ])('%s ends as %j', (script, ending) => {
    expect(runCommand(shell(script), device({ fd: zero() }))).toEqual(ending);
  });

  test('is the only one that has the descriptor', () => {
    const given = zero();
    const handle = device({ fd: given });
    expect(runCommand(shell('readlink /proc/$$/fd/{fd} >"$REPORT"', { fd: 9 }), handle)).toEqual({
      status: 0,
    });
    expect(readFileSync(report, 'utf8')).toBe('/dev/zero\n');
    expect(handle.fd).toBe(-1);
    expect(() => fstatSync(given)).toThrow(/EBADF/);
  });

  test('has its environment, and the device in it', () => {
    const script = `printenv REPORT DMFD_FD DMFD_NAME HOME >"$REPORT"`;
    expect(runCommand(shell(script), device({ fd: zero() }))).toEqual({ status: 1 });
    expect(readFileSync(report, 'utf8')).toBe(`${report}\n3\nmine\n`);
  });

  test('that cannot be started leaves the descriptor open', () => {
    const fd = zero();
    const handle = device({ fd });
    const command = shell('', { file: join(directory, 'no-interpreter') });
    expect(refusal(() => runCommand(command, handle))).toMatchObject({
      kind: 'command-not-found',
      errno: 'ENOENT',
      hint: expect.stringContaining('interpreter'),
    });
    expect(handle.fd).toBe(fd);
    closeSync(fd);
  });

  test('under a number that cannot be had is not to blame', () => {
    const fd = zero();
    const error = refusal(() => runCommand(shell('', { fd: 2 ** 30 }), device({ fd })));
    closeSync(fd);
    expect(error).toMatchObject({ kind: 'system', errno: 'EBADF', hint: expect.stringContaining('ulimit') });
  });
});

const CHILD = {
  startCommand: 'handoff/run.js',
  becomeCommand: 'handoff/run.js',
  Device: 'device/handle.js',
  expectOneThread: 'kernel/shim.js',
};

/** In a child, `device` and `command`: a shell with this script. Its own descriptors are those of a fresh Node. */
const prepare = (script: string, { file = '/bin/sh', fd = 5 } = {}) => `
  expectOneThread();
  const words = ['sh', '-c', ${JSON.stringify(script)}];
  const command = { file: ${JSON.stringify(file)}, words, environment: ['PATH=/usr/bin:/bin'], fd: ${fd}, placeholders: true };
  const device = new Device({ name: 'mine', uuid: 'U', loops: [], below: [] }, fs.openSync('/dev/zero'));`;

describe.concurrent("of dmfd's own descriptors", () => {
  // Of the shell itself, while it waits for ls.
  const list = 'ls /proc/$$/fd; :';

  test.each([3, 9, 150])('a command has only the device, as %i', async (fd) => {
    // What the test runner was given and passes on to every child: 0, 1, 2, and perhaps more.
    const passedOn = spawnSync('sh', ['-c', list], { encoding: 'utf8' }).stdout.trim().split('\n');
    const { stdout, stderr } = await startNode(
      CHILD,
      `${prepare(list, { fd })} startCommand(command, device).end();`,
    ).result;
    expect(stderr).toBe('');
    const open = stdout.trim().split('\n');
    expect(open).toEqual(expect.arrayContaining(['0', '1', '2']));
    expect(open.filter((number) => !passedOn.includes(number))).toEqual([String(fd)]);
  });
});

describe.concurrent('a process ends as the command did', () => {
  test.each([
    ['{ status: 7 }', 7, null],
    ['{ signal: 15 }', null, 'SIGTERM'],
    ['{ signal: 9 }', null, 'SIGKILL'],
    // The default of SIGCHLD is to do nothing.
    ['{ signal: 17 }', 145, null],
  ])('%s', async (ending, code, signal) => {
    const { result } = startNode({ endAs: 'handoff/run.js' }, `endAs(${ending});`);
    expect(await result).toEqual({ code, signal, stdout: '', stderr: '' });
  });
});

describe.concurrent('a process that becomes the command', () => {
  test('keeps its id, and gives it the descriptor', async () => {
    const body = `${prepare('echo $$; readlink /proc/$$/fd/{fd}')} console.log(process.pid);`;
    const { result } = startNode(CHILD, `${body} becomeCommand(command, device);`);
    const { code, stdout } = await result;
    const [before, after, link] = stdout.split('\n');
    expect({ code, after, link }).toEqual({ code: 0, after: before, link: '/dev/zero' });
  });

  test('has the descriptors that it had when it cannot', async () => {
    const body = `${prepare('', { file: '/nonexistent' })}
      const link = (fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd); } catch { return 'closed'; } };
      const descriptors = () => fs.readdirSync('/proc/self/fd').map((fd) => fd + link(fd)).join();
      fs.closeSync(fs.openSync('/dev/null'));
      const before = descriptors();
      try { becomeCommand(command, device); } catch (error) { console.log(error.kind, before === descriptors()); }`;
    expect(await startNode(CHILD, body).result).toMatchObject({
      code: 0,
      stdout: 'command-not-found true\n',
    });
  });
});

describe.concurrent('a process that leaves the wait to the launcher', () => {
  const launched = (script: string, launcher = executable()) => `${prepare(script)}
    const caller = { ignored: 0n, blocked: 0n, pending: 0n, softDescriptors: 1024n, hardDescriptors: 4096n,
      descriptors: [0, 1, 2], launcher: ${JSON.stringify(launcher)} };
    const running = startCommand({ ...command, caller }, device);
    running.leaveToLauncher();`;

  test.each([
    ['exit 7', 7, null],
    ['kill -TERM $$', null, 'SIGTERM'],
    ['kill -KILL $$', null, 'SIGKILL'],
    ['trap "" TERM; kill -TERM $$; exit 255', 255, null],
  ])('ends as the command does: %s', async (script, code, signal) => {
    expect(await startNode(CHILD, launched(script)).result).toEqual({ code, signal, stdout: '', stderr: '' });
  });

  /** It has become the launcher, which has closed what Node left open. */
  const awaitLauncher =
    'until test "$(cat /proc/$PPID/comm; ls /proc/$PPID/fd)" = "$(printf "dmfd\\n2")"; do :; done';

  test('has the id that it had, standard error, and little memory', async () => {
    const look = `${awaitLauncher}; echo $PPID; grep -E 'VmRSS|Threads' /proc/$PPID/status | tr -dc '0-9\\n'`;
    const child = startNode(CHILD, launched(look));
    const [pid, kilobytes, threads] = (await child.result).stdout.trim().split('\n').map(Number);
    expect({ pid, threads }).toEqual({ pid: child.process.pid, threads: 1 });
    expect(kilobytes).toBeLessThan(2048);
  });

  test('passes signals on, and lets none of its own end it', async () => {
    const traps = `trap 'echo TERM; exit 3' TERM; trap 'echo USR1' USR1`;
    const child = startNode(
      CHILD,
      launched(`${traps}; ${awaitLauncher}; echo ready; while :; do sleep 0.05; done`),
    );
    await child.wrote('ready');
    child.process.kill('SIGUSR1');
    await child.wrote('USR1');
    child.process.kill('SIGTERM');
    expect(await child.result).toEqual({ code: 3, signal: null, stdout: 'ready\nUSR1\nTERM\n', stderr: '' });
  });

  test('passes on the signal of a timer that its caller has set', async () => {
    const script = `trap 'echo ALRM; exit 4' ALRM; ${awaitLauncher}; while :; do sleep 0.05; done`;
    const { result } = startNode(CHILD, launched(script), ['perl', '-e', 'alarm 8; exec @ARGV']);
    expect(await result).toEqual({ code: 4, signal: null, stdout: 'ALRM\n', stderr: '' });
  });

  test('waits itself where the launcher is gone', async () => {
    const body = `${launched('exit 7', '/nonexistent')} console.error(JSON.stringify(running.end()));`;
    expect(await startNode(CHILD, body).result).toMatchObject({ code: 0, stderr: '{"status":7}\n' });
  });
});
