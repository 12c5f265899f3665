import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { checkout, vmFile } from '../harness/checkout.js';
import type { GuestProcess } from '../harness/process.js';
import { atCall } from './at-call.js';
import { expectNothingLeft, image, kernelKnows, sampleOf, sh, standing, thorough, vm } from './support.js';

const CREATE = ['dmfd', 'create', 'held', '--loop', '/tmp/held.img', '--table', '0 8 linear {loop0} 0'];
const UP = 'dm: held\nloop: /tmp/held.img';

/** Each row of "Who holds what when", by its first column, and what is tested of it here or elsewhere. */
const rows = new Set<string>();
const row = (when: string): string => {
  rows.add(when);
  return when;
};

beforeAll(async () => {
  await image('held.img', 1);
});

afterEach(async ({ task }) => {
  // What a failed test leaves is not to be the next one's failure, too.
  if (task.result?.state === 'fail') for (const pid of await holders()) await sh(`kill -KILL ${pid}`);
  await expectNothingLeft();
});

test(row('dmfd makes it'), async () => {
  // From the attaching of the loop device to the last question about the finished device.
  const moments = [
    ['TERM', 15, 'LOOP_CONFIGURE'],
    ['INT', 2, 'DM_TABLE_LOAD'],
    ['HUP', 1, 'BLKGETSIZE64'],
  ] as const;
  for (const [signal, number, call] of sampleOf(moments, 3)) {
    const script = `${atCall(call, { run: `kill -${signal} $COMMAND` })} ${quoted([...CREATE, '--', 'echo', 'ran'])}; echo $?`;
    expect(await sh(script)).toBe(`${128 + number}\n`);
    await expectNothingLeft();
  }
});

thorough('a mount whose file system has a number of its own is named where that is on a disk', async () => {
  const output = await sh(`truncate -s 128M /tmp/btrfs.img; mkdir -p /tmp/btrfs /tmp/memory
    dmfd create held --linear /tmp/btrfs.img -- sh -c 'mkfs.btrfs -q {path} >/dev/null && mount {path} /tmp/btrfs && mount -t tmpfs {path} /tmp/memory'
    dmfd ls -n -o held-by; dmfd rm held; umount /tmp/btrfs /tmp/memory; rm /tmp/btrfs.img`);
  expect(output).toBe('mount /tmp/btrfs\nheld: goes with its last holder: mount /tmp/btrfs\n');
});

thorough(row('dmfd is stopped then (SIGSTOP)'), async () => {
  for (const [signal, output] of [
    ['CONT', 'ran\n'],
    ['KILL', ''],
  ] as const) {
    const run = 'kill -STOP $COMMAND; echo $COMMAND >/tmp/stopped';
    await sh('rm -f /tmp/stopped');
    const dmfd = await vm.start([
      'sh',
      '-c',
      `exec ${atCall('DM_DEV_SUSPEND', { run })} ${quoted([...CREATE, '--', 'echo', 'ran'])}`,
    ]);
    const pid = Number(
      await sh(
        'until [ -s /tmp/stopped ] && grep -q "^State:.T" /proc/$(cat /tmp/stopped)/status; do sleep 0.05; done; cat /tmp/stopped',
      ),
    );
    expect(await standing()).toBe(UP);
    expect(await holders()).toEqual([pid]);
    expect(dmfd.stdout).toBe('');
    await sh(`kill -${signal} ${pid}`);
    const { stdout } = await dmfd.exited;
    expect(stdout).toBe(output);
    await expectNothingLeft();
  }
});

test(row('COMMAND runs'), async () => {
  const { dmfd, command } = await started("trap 'echo TERM' TERM");
  expect(command).not.toBe(dmfd.pid);
  expect(await holders()).toEqual([command]);
  // A signal to dmfd is one to COMMAND, which may go on.
  dmfd.signal('SIGTERM');
  await dmfd.waitForOutput(/TERM\n/);
  expect(await holders()).toEqual([command]);
  dmfd.closeStdin();
  expect(await dmfd.exited).toMatchObject({ code: 7, stderr: '' });
});

test(row('COMMAND runs, with `--mapper-link`'), async () => {
  // Where COMMAND has closed its descriptor, there is dmfd's.
  const { dmfd } = await started('exec 3>&-', '--mapper-link');
  expect(await holders()).toEqual([dmfd.pid]);
  expect(await sh('readlink /dev/mapper/held')).toMatch(/dm-/);
  dmfd.closeStdin();
  expect(await dmfd.exited).toMatchObject({ code: 7, stderr: '' });
  await sh('! test -e /dev/mapper/held');
});

test(row('dmfd is stopped while COMMAND runs'), async () => {
  const { dmfd, command } = await started();
  dmfd.signal('SIGSTOP');
  await sh(`until grep -q '^State:.T' /proc/${dmfd.pid}/status; do sleep 0.05; done`);
  expect(await holders()).toEqual([command]);
  // It goes with COMMAND, and not with dmfd, which does not even know yet.
  dmfd.closeStdin();
  await expectNothingLeft();
  dmfd.signal('SIGCONT');
  expect(await dmfd.exited).toMatchObject({ code: 7 });
});

test(row('dmfd is killed while COMMAND runs (SIGKILL)'), async () => {
  const { dmfd, command } = await started();
  dmfd.signal('SIGKILL');
  expect(await dmfd.exited).toMatchObject({ signal: 'SIGKILL' });
  expect(await standingStill()).toBe(UP);
  expect(await holders()).toEqual([command]);
  await sh(`echo still >/proc/${command}/fd/3; sync; kill -KILL ${command}`);
  await expectNothingLeft();
  expect(await sh('head -c 6 /tmp/held.img')).toBe('still\n');
});

thorough(row('the terminal of both is closed (SIGHUP)'), async () => {
  const mortal = quoted([...CREATE, '--', 'sh', '-c', 'echo ready; exec sleep 1000']);
  // The kernel tells only the leader of the session, which dmfd is (ssh -t, xterm -e) or a shell is.
  for (const line of [`exec ${mortal}`, `${mortal}; true`]) {
    const terminal = await onTerminal(line);
    terminal.signal('SIGKILL');
    await expectNothingLeft();
  }
  const survivor = `$SIG{HUP} = sub { open(F, '>>', '/tmp/told'); print F "HUP\n"; close(F) }; $| = 1; print "ready\n"; sleep(1000) while 1`;
  await sh('rm -f /tmp/told');
  const terminal = await onTerminal(`exec ${quoted([...CREATE, '--', 'perl', '-e', survivor])}`);
  const [pid] = await holders();
  terminal.signal('SIGKILL');
  expect(await standingStill()).toBe(UP);
  expect(await holders()).toEqual([pid]);
  expect(await sh(`cat /tmp/told; kill -KILL ${pid}`)).toBe('HUP\n');
});

test(row('COMMAND has left a daemon behind'), async () => {
  const daemon = 'setsid sleep 1000 >/dev/null 2>&1 & echo $!; exit 5';
  const dmfd = await vm.start([...CREATE, '--', 'sh', '-c', daemon], { stdin: 'null' });
  await dmfd.waitForOutput(/^\d+\n/);
  expect(await dmfd.exited).toMatchObject({ code: 5 });
  expect(await standingStill()).toBe(UP);
  expect(await holders()).toEqual([Number(dmfd.stdout)]);
  await sh(`kill ${dmfd.stdout}`);
});

thorough(row('`--exec`: dmfd has become COMMAND'), async () => {
  const { dmfd, command } = await started('', '--exec');
  expect(command).toBe(dmfd.pid);
  expect(await holders()).toEqual([command]);
  dmfd.signal('SIGKILL');
  expect(await dmfd.exited).toMatchObject({ signal: 'SIGKILL' });
});

thorough(row('there is no COMMAND'), async () => {
  const dmfd = await vm.start(CREATE, { stdin: 'null' });
  await dmfd.waitForOutput(/\n/, 60_000);
  dmfd.signal('SIGSTOP');
  dmfd.signal('SIGTERM');
  expect(await standingStill()).toBe(UP);
  expect(await holders()).toEqual([dmfd.pid]);
  dmfd.signal('SIGCONT');
  expect(await dmfd.exited).toMatchObject({ code: 0 });
  await expectNothingLeft();
  const terminal = await onTerminal(`exec ${quoted(CREATE)}`, /\/dev\/dm-\d+/);
  expect(await standing()).toBe(UP);
  terminal.signal('SIGKILL');
});

// The patched kernels have no FUSE.
test.skipIf(!vm.kernel.name.startsWith('debian-'))(
  'who has a device or a file open is found beside a process that has a file of a dead file server open',
  async () => {
    const output = await sh(`modprobe fuse; mkdir -p /tmp/dead
      python3 ${vmFile('scenarios/holders/dead-fuse.py')} /tmp/dead >/tmp/dead.log & server=$!
      until grep -q mounted /tmp/dead.log; do sleep 0.1; done
      sh -c 'exec 5</tmp/dead/file; exec sleep 1000' & victim=$!
      until grep -q '^dead' /tmp/dead.log; do sleep 0.1; done
      timeout 2 stat -L /proc/$victim/fd/5 >/dev/null 2>&1; echo "stat ends with $?"
      timeout 60 dmfd create held --table '0 8 zero' --wait-gone=0.3 -- sh -c 'sleep 1000 & echo $! >/tmp/pid' 2>&1
      mkdir /tmp/young; mount -t tmpfs none /tmp/young; truncate -s 1M /tmp/young/swap
      stat -c 'inode %i' /tmp/young/swap; sed -n 's/^ino:\\t*/inode /p' /proc/$victim/fdinfo/5
      sleep 1000 <>/tmp/young/swap & opener=$!; echo "opener $opener"; timeout 60 dmfd swap /tmp/young/swap 2>&1
      sed 's/^/pid /' /tmp/pid; kill $(cat /tmp/pid) $opener $victim $server; wait; umount /tmp/dead /tmp/young`);
    const pid = /^pid (\d+)$/m.exec(output)?.[1];
    expect(output).toMatch(/^stat ends with 124$/m);
    expect(output).toMatch(
      new RegExp(`^dmfd: device held \\(\\d+:0\\) is still there, held by process ${pid} \\(sleep\\)$`, 'm'),
    );
    // Both have the same inode number.
    expect(output.match(/^inode 2$/gm)).toHaveLength(kernelKnows('the inode of a descriptor') ? 2 : 1);
    const opener = /^opener (\d+)$/m.exec(output)?.[1];
    expect(output).toContain(`dmfd: backing "/tmp/young/swap": process ${opener} (sleep) has it open\n`);
  },
);

test('what a holder calls itself does not reach a terminal as it is', async () => {
  const output = await sh(`cat >/tmp/hostile <<'END'
dmfd create held --table '0 8 zero' --wait-gone=0.3 -- sh -c 'python3 ${vmFile('scenarios/holders/hostile-name.py')} >/tmp/ready & until [ -s /tmp/ready ]; do sleep 0.1; done'
dmfd ls; dmfd ls --json; kill $(cat /tmp/ready)
END
    script -qec 'sh /tmp/hostile' /dev/null; rm /tmp/hostile /tmp/ready`);
  const name = String.raw`\x1b]0;x\x07\x0a\x9bz`;
  expect(output).toMatch(new RegExp(`is still there, held by process \\d+ \\(${escaped(name)}\\)\r\n`));
  expect(output).toMatch(new RegExp(`^.*held.* process \\d+ \\(${escaped(name)}\\)`, 'm'));
  expect(output).toContain(String.raw`\u001b]0;x\u0007\n\u009bz`);
  expect(output).not.toMatch(HOSTILE);
});

/** What the name has that a terminal would obey. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const HOSTILE = /\x1b\]|\x07|\u009b/;

function escaped(text: string): string {
  return text.replace(/[\\\]()]/g, '\\$&');
}

/** With a holder that does that. */
const autoclearOff = (table: string, file = '/tmp/held.img'): string =>
  `${quoted(['dmfd', 'create', 'held', '--loop', file, '--table', table, '--wait-gone=0.5', '--'])} setpriv --reuid=65534 --regid=65534 --clear-groups \
      python3 - <${vmFile('scenarios/holders/stay.py')}`;

thorough(row("a holder without privileges has switched off the loop device's autoclear"), async () => {
  // The kernel passes it down only if the table is the whole loop device, in one line: linear is written in two.
  for (const [sectors, file] of [['2047'], ['2048'], ['1024', '/tmp/held.img,size=1024']] as const) {
    const linear = await vm.sh(autoclearOff(`0 ${sectors} linear {loop0} 0`, file));
    expect(linear).toMatchObject({ code: 1, stderr: expect.stringContaining('Inappropriate ioctl') });
    await expectNothingLeft();
  }
  const whole = await vm.sh(autoclearOff('0 2048 flakey {loop0} 0 1 0'));
  expect(whole.stderr).toMatch(
    /^dmfd: \/dev\/loop\d+ \(\/tmp\/held.img\) is still attached, held by nobody: "dmfd reap" detaches it\n$/,
  );
  expect(whole.code).toBe(124);
  expect(await standing()).toBe('loop: /tmp/held.img');
  const reaped = await sh(`dmfd reap --dry-run; dmfd reap; dmfd reap`);
  expect(reaped.replaceAll(/loop\d+/g, 'loopN')).toBe(
    '/dev/loopN (/tmp/held.img): would be detached when nobody uses it\n/dev/loopN (/tmp/held.img): detached\n',
  );
});

thorough("nor is somebody else's loop device reaped, or one that is in use", async () => {
  await sh(autoclearOff('0 2048 flakey {loop0} 0 1 0').replace('--wait-gone=0.5', '-q'));
  const output =
    await sh(`theirs=$(losetup --find --show /tmp/held.img); ours=$(losetup -nO NAME,AUTOCLEAR | grep -v $theirs | cut -d' ' -f1)
    sleep 1000 <$ours & dmfd reap; kill $!; wait; n=0; while losetup $ours >/dev/null 2>&1 && [ $n -lt 40 ]; do sleep 0.05; n=$((n+1)); done
    losetup -nO BACK-FILE; losetup -d $theirs`);
  expect(output.replaceAll(/loop\d+/g, 'loopN')).toBe(
    '/dev/loopN (/tmp/held.img): detaches when nobody uses it\n/tmp/held.img\n',
  );
});

/** Rows that other scenarios test, and in what words; those of mount and swap are recipes. */
const elsewhere: Record<string, readonly [file: string, text: string]> = {
  '`--fdstore`: the service manager has it': [
    'systemd/fdstore.test.ts',
    "test('a device lives exactly as long as the unit that has its descriptor in store'",
  ],
  '`--send-fd`: a server was sent it': [
    'send-fd.test.ts',
    "'a %s server gets descriptor and description, and the device dies with it'",
  ],
  'it is mounted, is swap, is below another device, is opened by a process': [
    'lifetime.test.ts',
    "test('a device on top of it keeps it alive'",
  ],
};

test('each row of docs/lifetime.md is tested', () => {
  const table = [...read('docs/lifetime.md').matchAll(/^\| (.*?) *\|/gm)].slice(2).map((match) => match[1]);
  for (const [file, text] of Object.values(elsewhere))
    expect(read(`test/vm/scenarios/${file}`)).toContain(text);
  expect([...rows, ...Object.keys(elsewhere)]).toEqual(table);
});

function read(file: string): string {
  return readFileSync(join(checkout, file), 'utf8');
}

/** A command that says its pid, and ends with 7 when its standard input does. */
function command(prologue = ''): string[] {
  // In bash, a trapped signal does not end a read.
  return ['bash', '-c', `${prologue || ':'}; echo ready $$; while read -r _; do :; done; exit 7`];
}

async function started(
  prologue?: string,
  ...options: string[]
): Promise<{ dmfd: GuestProcess; command: number }> {
  const dmfd = await vm.start([...CREATE, ...options, '--', ...command(prologue)]);
  const [, pid] = await dmfd.waitForOutput(/ready (\d+)\n/, 60_000);
  return { dmfd, command: Number(pid) };
}

/** On a terminal of its own, which is closed when the process that comes back is killed. */
async function onTerminal(line: string, ready = /ready/): Promise<GuestProcess> {
  const terminal = await vm.start(['script', '-qec', line, '/dev/null']);
  await terminal.waitForOutput(ready, 60_000);
  return terminal;
}

/** What is there when the kernel has had the time to destroy what nobody holds. */
async function standingStill(): Promise<string> {
  await sh('sleep 0.3');
  return standing();
}

/** The processes that have a mapped device open. */
async function holders(): Promise<number[]> {
  const output = await sh(
    `find /proc/[0-9]*/fd -lname '*/dm-[0-9]*' 2>/dev/null | cut -d/ -f3 | sort -un || true`,
  );
  return output.trim().split('\n').filter(Boolean).map(Number);
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}
