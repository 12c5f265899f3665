import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { vmFile } from '../harness/checkout.js';
import { everything, expectNothingLeft, GONE, image, sampleOf, sh, thorough, vm } from './support.js';
import { whileServed } from './warm/served.js';
import { killService, startService, TRIES, WORKERS, warm, watched, whileWarm } from './warm/service.js';

const ZERO = "--table '0 8 zero'";
const SWAP = '/tmp/warm-swap.img';

beforeAll(async () => {
  await image('warm.img', 1);
  // All modules are there.
  await sh(
    `head -c 1M /dev/zero >${SWAP}; chmod 600 ${SWAP}; DMFD_COLD=1 dmfd swap -q ${SWAP} && swapoff /dev/dm-0`,
  );
});
whileServed();
afterEach(expectNothingLeft);

/** What a command tells, and leaves to be seen, without what differs each time. */
const ALIKE: readonly [what: string, script: string][] = [
  [
    'a command with the device',
    `dmfd create mine ${ZERO} -- sh -c 'echo "$@"; env | grep DMFD_ | grep -v -e UUID -e DISKSEQ | sort; exit 7' sh {path} {fd} {name}; echo $?`,
  ],
  [
    'a command in place of dmfd',
    `sh -c 'echo $$; exec dmfd create mine ${ZERO.replaceAll("'", '"')} --exec -- sh -c "echo \\$\\$"' | uniq -d | wc -l`,
  ],
  [
    'a command that a signal ends',
    `sh -c 'dmfd create mine ${ZERO.replaceAll("'", '"')} -- sh -c "kill -TERM \\$\\$"'; echo $?`,
  ],
  [
    'a second descriptor',
    `dmfd create ${ZERO} --ro-fd 7 --fd 5 -- sh -c 'for n in 5 7; do grep flags /proc/self/fdinfo/$n; done; ls -m /proc/$$/fd'`,
  ],
  [
    'socket activation',
    `dmfd create mine ${ZERO} --listen-fds -- sh -c 'echo $LISTEN_FDS $LISTEN_FDNAMES $((LISTEN_PID - $$))'`,
  ],
  [
    'a relative path, from a directory of the caller’s',
    `mkdir -p /tmp/caller; cd /tmp/caller; cp ../warm.img .; dmfd create --loop warm.img --table '0 8 linear {loop0} 0' -- losetup -nO BACK-FILE; cd /; rm -r /tmp/caller`,
  ],
  ['the caller’s umask', `(umask 027; dmfd create ${ZERO} -- sh -c umask)`],
  [
    'a program in the caller’s PATH',
    `mkdir -p /tmp/path; printf '#!/bin/sh\\necho found\\n' >/tmp/path/prog; chmod +x /tmp/path/prog; cd /tmp; PATH=path:$PATH dmfd create ${ZERO} -- prog; rm -r /tmp/path`,
  ],
  [
    'a layer on a layer, over a file',
    `dmfd create top --loop /tmp/warm.img --table '0 8 linear {loop0} 0' --then --linear {below} -- dmsetup ls | wc -l`,
  ],
  ['what it would do', `dmfd create --dry-run --json ${ZERO} | tr -d '0-9a-f'`],
  ['what this kernel can do', 'dmfd probe | grep -v targets'],
  [
    'a list, and a removal',
    `dmfd create mine ${ZERO} -- sh -c 'dmfd ls -o name,size,held-by; dmfd ls -n -o name; dmfd rm mine' | sed 's/[0-9]\\+/N/g'`,
  ],
  [
    'more room',
    `dmfd create mine --loop /tmp/warm.img --table '0 8 linear {loop0} 0' -- sh -c 'dmfd resize mine --size 16; blockdev --getsz {path}'`,
  ],
  ['nothing to clear up', 'dmfd reap; echo $?'],
  ['encrypted swap', `dmfd swap --name cryptswap ${SWAP}; tail -n +2 /proc/swaps | wc -l; swapoff /dev/dm-0`],
  [
    'each call',
    `dmfd create -v mine ${ZERO} -- true 2>&1 | sed 's/ (.*//' | grep -v -e kmsg -e modprobe | sort -u | head -3`,
  ],
  ['a closed standard output', `dmfd ls >&-; echo $?`],
  ['output that nobody can write', `dmfd ls >/dev/full 2>/tmp/said; echo $?; cat /tmp/said`],
  [
    'swap that cannot be told of',
    `dmfd swap ${SWAP} >/dev/full 2>/tmp/said; echo $?; cat /tmp/said; tail -n +2 /proc/swaps`,
  ],
  ['help', 'dmfd create --help'],
  [
    'more than the pipe holds, for a reader who takes his time',
    `seq 0 29999 | sed 's/$/ 1 zero/' >/tmp/long; dmfd create --dry-run --table-file /tmp/long | { read -r _; sleep 0.5; cksum; }; rm /tmp/long`,
  ],
  [
    'descriptors of the caller’s',
    `bash -c 'exec 28</dev/zero 29</dev/zero; dmfd create ${ZERO.replaceAll("'", '"')} -- sh -c "ls -m /proc/\\$\\$/fd"'`,
  ],
];

describe('the service does as Node does', () => {
  test.each(sampleOf(ALIKE, 6))('%s', async (_what, script) => {
    const cold = await sh(`export DMFD_COLD=1; ${script}`);
    expect(cold).not.toBe('');
    // What is seen of the environment differs by that variable.
    const without = (text: string): string => text.replace('DMFD_COLD=1\n', '');
    expect(without(await warm(script))).toBe(without(cold));
  });
});

/** What only the process itself can do, or may: dmfd needs Node so often. */
const ITS_OWN: readonly [what: string, script: string][] = [
  ['holding', `echo | dmfd create held ${ZERO} 2>&1 | sed 's/-[0-9]*$/-N/'`],
  ['events', `dmfd create ${ZERO} --json-fd 1 -- true | wc -l`],
  ['waiting for the end', `dmfd create ${ZERO} --wait-gone=5 -- true`],
  [
    'a key',
    `head -c 64 /dev/zero >/tmp/key; dmfd create --key-file /tmp/key --loop /tmp/warm.img --table '0 8 crypt aes-xts-plain64 {key} 0 {loop0} 0' -- true`,
  ],
  ['a table from a pipe', `echo '0 8 zero' | dmfd create --table-file - -- true`],
  [
    'a table from a pipe with a name',
    `mkfifo /tmp/warm-fifo; echo '0 8 zero' >/tmp/warm-fifo & dmfd create --table-file /tmp/warm-fifo -- true; rm /tmp/warm-fifo`,
  ],
  [
    'a file of its own',
    `dmfd create --loop /dev/fd/8 --table '0 8 linear {loop0} 0' -- true 8<>/tmp/warm.img`,
  ],
  [
    'a file of its own, by a link',
    `ln -s /proc/self/fd/28 /tmp/warm-link; dmfd create --loop /tmp/warm-link --table '0 8 linear {loop0} 0' -- losetup -nO BACK-FILE 28<>/tmp/warm.img; rm /tmp/warm-link`,
  ],
  ['another mount namespace', `unshare -m dmfd ls`],
  ['another network namespace', `unshare -n dmfd ls`],
  [
    'another root directory',
    `mkdir -p /tmp/root; mount --rbind / /tmp/root; mount --make-rprivate /tmp/root; chroot /tmp/root dmfd ls; umount -lR /tmp/root`,
  ],
  ['fewer capabilities', `setpriv --bounding-set -net_raw --inh-caps -net_raw dmfd ls`],
  ['no wish to be served', `DMFD_COLD=1 dmfd ls`],
  ['a wrong word', `dmfd create --no-such 2>/dev/null || echo $?`],
  ['a wrong table', `dmfd create --table '0 8 nosuch' -- true 2>/dev/null || echo $?`],
  ['a missing command', `dmfd create ${ZERO} -- nosuch 2>/dev/null || echo $?`],
];

/** Their numbers on x86-64. */
const SYS_ADD_KEY = 248;
const SYS_KEYCTL = 250;

describe('Node does what is its own', () => {
  test.each(sampleOf(ITS_OWN, 3))('%s', async (_what, script) => {
    const { cold } = await watched(script);
    expect(cold).toHaveLength(1);
  });
});

thorough(
  'a device whose key is in a keyring of the caller’s is made, and made longer, by dmfd itself',
  async () => {
    const withKey = `import ctypes, os, sys
syscall = ctypes.CDLL(None).syscall
JOIN_SESSION_KEYRING, SESSION_KEYRING = 1, -3
syscall(${SYS_KEYCTL}, JOIN_SESSION_KEYRING, None)
syscall(${SYS_ADD_KEY}, b"user", b"mine", b"k" * 32, 32, SESSION_KEYRING)
os.execvp(sys.argv[1], sys.argv[1:])`;
    const { stdout, cold } = await watched(`python3 -c '${withKey}' dmfd create mine --loop /tmp/warm.img \\
    --table '0 64 crypt aes-xts-plain64 :32:user:mine 0 {loop0} 0' -- dmfd resize mine --size 1M`);
    expect(stdout).toBe('mine: 1M (1048576 bytes), and was 32K\n');
    expect(cold).toEqual([expect.stringContaining('create mine'), expect.stringContaining('resize mine')]);
  },
);

test('what cannot be executed is told as Node tells it', async () => {
  const script = `printf '#!/nonexistent\\n' >/tmp/noint; chmod +x /tmp/noint
    for how in '' --exec; do dmfd create ${ZERO} $how -- /tmp/noint 2>&1; echo $?; done; rm /tmp/noint`;
  const cold = await sh(`export DMFD_COLD=1; ${script}`);
  expect(cold).toMatch(/interpreter[\s\S]*127\n[\s\S]*127\n$/);
  expect((await watched(script)).stdout).toBe(cold);
});

test('many at once', async () => {
  const many = everything ? 20 : 4;
  expect(
    await sh(
      `for i in $(seq ${many}); do dmfd create ${ZERO} -- sh -c 'test -b {path} && echo x' & done | sort | uniq -c; wait`,
    ),
  ).toMatch(new RegExp(`^\\s*${many} x\n$`));
});

thorough('one that does not read what it gets holds up no other', async () => {
  const output =
    await warm(`{ head -c 65536 /dev/zero; dmfd create --help; } | { until [ -e /tmp/go-on ]; do sleep 0.1; done; tail -c 20 | wc -c; } &
    sleep 1; for i in 1 2 3 4 5 6; do dmfd ls -n; done; touch /tmp/go-on; wait; rm /tmp/go-on`);
  expect(output).toBe('20\n');
});

thorough('those who may not ask, and say nothing, keep nobody busy', async () => {
  const strangers = `import socket, time
there = [socket.socket(socket.AF_UNIX) for _ in range(40)]
for one in there: one.connect("/run/dmfd/launcher.sock")
print("there", flush=True)
time.sleep(1000)`;
  const process = await vm.start(['unshare', '--net', 'python3', '-c', strangers], { timeoutMs: 0 });
  await process.waitForOutput(/there\n/, 60_000);
  expect(await warm('dmfd ls -n; echo $?')).toBe('0\n');
  process.signal('SIGKILL', 'process');
  await process.exited;
});

/** Calls of the process that answers, before which it is killed. */
const MOMENTS: readonly [call: string, when: number][] = [
  ['recvmsg', 1],
  ['chdir', 1],
  ['ioctl', 1],
  ['ioctl', 3],
  ['clone', 1],
  ['chdir', 2],
  ['sendmsg', 2],
  ['close', 6],
  ['write', 1],
];

/**
 * What a script prints that ends with whether what it is about came to be: once it has, of some tries. A launcher that is not served in
 * time does without the service, and nothing is proved.
 */
async function onceItCame(script: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const [, output, came] = /^(.*)(yes|no)\n$/s.exec(await sh(script)) ?? [];
    if (came === 'yes') return output ?? '';
    if (attempt === TRIES) throw new Error(`not in ${TRIES} tries: ${script}`);
  }
}

test.each(sampleOf(MOMENTS, 9))(
  'killed at %s %i, it leaves nothing, and dmfd does without it',
  async (call, when) => {
    const script = `${GONE}; ${WORKERS}
    settled || exit 9
    strace -q -o /tmp/killed -e trace=${call} -e inject=${call}:signal=SIGKILL:when=${when} $(workers) & strace=$!
    traced || exit 8
    dmfd create --loop /tmp/warm.img --table '0 8 linear {loop0} 0' -- echo did; kill -KILL $strace 2>/dev/null; wait $strace 2>/dev/null; gone
    grep -q 'killed by SIGKILL' /tmp/killed && echo yes || echo no`;
    expect(await onceItCame(script)).toBe('did\n\n');
  },
);

const DONE: readonly [words: string, call: string, isDone: string, left: string][] = [
  ['rm mine', 'ioctl', '! dmsetup info mine 2>/dev/null | grep -q ACTIVE$', 'dmsetup ls'],
  [`swap ${SWAP}`, 'swapon', 'grep -q dm- /proc/swaps', 'tail -n +2 /proc/swaps | wc -l'],
];

test.each(everything ? DONE : [])(
  'killed when it has done it, nothing is done twice: %s',
  async (words, call, isDone, left) => {
    // Each call takes a while to return.
    const output = await warm(`${WORKERS}
    dmsetup create --noudevsync mine --table '0 8 zero'; settled || exit 9
    strace -qq -o /dev/null -e trace=${call} -e inject=${call}:delay_exit=2000000 $(workers) & strace=$!
    traced || exit 8
    dmfd ${words} >/tmp/said 2>&1 & dmfd=$!
    until ${isDone}; do sleep 0.1; done; kill -KILL $(pgrep -f '[w]arm.cjs')
    wait $dmfd; echo $?; head -n 1 /tmp/said; kill -KILL $strace 2>/dev/null; wait $strace 2>/dev/null
    dmsetup remove --noudevsync mine 2>/dev/null; ${left}; swapoff -a; rm /tmp/said; settled`);
    expect(output).toMatch(
      /^125\ndmfd: the service \(dmfd serve\) has gone after it had begun to answer: .*\n(1|No devices found)\n$/,
    );
  },
);

test.each(sampleOf(['KILL', 'TERM'], 2))(
  'a launcher that gets SIG%s while it is served leaves nothing',
  async (signal) => {
    // Its first ioctl is for who was accepted.
    const script = `${GONE}; ${WORKERS}
    settled || exit 9
    strace -qq -o /tmp/serving -e trace=ioctl -e inject=ioctl:delay_enter=1500000:when=2 $(workers) & strace=$!
    traced || exit 8
    setsid dmfd create --loop /tmp/warm.img --table '0 8 linear {loop0} 0' -- echo did & dmfd=$!
    for n in $(seq 20); do grep -q = /tmp/serving && break; sleep 0.05; done
    kill -${signal} $dmfd; wait $dmfd; sleep 2; kill -KILL $strace 2>/dev/null; wait $strace 2>/dev/null; gone
    grep -q = /tmp/serving && echo yes || echo no`;
    expect(await onceItCame(script)).toBe('\n');
  },
);

thorough('a launcher that gives up waiting just when it is accepted is not served, too', async () => {
  const { stdout, cold } = await watched(`${WORKERS}
    dmsetup create --noudevsync mine --table '0 8 zero'; settled || exit 9
    strace -qq -o /tmp/accepting -e trace=accept4 $(workers) & strace=$!
    traced || exit 8
    stopped=$(pgrep -f '[w]arm.cjs'); kill -STOP $stopped
    # That its time is up is noted at once, and told to it three seconds later; meanwhile it is accepted.
    strace -qq -o /tmp/giving-up -e trace=poll -e inject=poll:delay_exit=3000000:when=1 dmfd rm mine & dmfd=$!
    until grep -q Timeout /tmp/giving-up; do sleep 0.05; done; kill -CONT $stopped
    until grep -q ' = [0-9]' /tmp/accepting; do sleep 0.05; done; pgrep -fxc 'dmfd rm mine'
    wait $dmfd; echo $?; kill -KILL $strace; wait $strace 2>/dev/null; rm /tmp/accepting /tmp/giving-up`);
  expect(stdout).toBe('1\nmine: removed\n0\n');
  expect(cold).toHaveLength(1);
});

/**
 * Shell: what each process that answers launchers has open. The first /dev/null is libuv's own, from the first stream on, for when there is no
 * descriptor left.
 */
const OPEN = `${WORKERS}
settled || exit 9
for pid in $(pgrep -f '[w]arm.cjs'); do for fd in /proc/$pid/fd/*; do echo "$pid: \${fd##*/} is $(readlink $fd)"; done |
  sed '0,/null$/{//d}'; done`;

thorough(
  'after all of these, served or given back, its processes have open what they had before',
  async () => {
    const before = await sh(OPEN);
    const scripts = [...ALIKE, ...ITS_OWN.slice(0, 3)].map(([, script]) => `(${script})`);
    const { cold } = await watched(`{ ${scripts.join('\n')}
  } >/dev/null 2>&1 || true`);
    // Or most of it was done without them.
    expect(cold.length).toBeLessThan(ALIKE.length / 2);
    expect(await sh(OPEN)).toBe(before);
  },
);

/** A reader of more than a pipe holds, who takes his time until /tmp/go-on is there. */
const SLOWLY = `{ read -r first; echo began; until [ -e /tmp/go-on ]; do sleep 0.1; done; { echo "$first"; cat; } | cksum; }`;

/** A long plan that the service tells to such a reader, and nobody else. */
async function readSlowly(): Promise<Awaited<ReturnType<typeof vm.start>>> {
  const reading = await vm.start(['sh', '-c', `dmfd create --dry-run --table-file /tmp/long | ${SLOWLY}`]);
  await reading.waitForOutput(/began\n/, 60_000);
  return reading;
}

thorough('a reader who takes his time is in no way of a service after one that was killed', async () => {
  await sh(`seq 0 29999 | sed 's/$/ 1 zero/' >/tmp/long`);
  const whole = await sh('DMFD_COLD=1 dmfd create --dry-run --table-file /tmp/long | cksum');
  const reading = await whileWarm(readSlowly);
  await killService('process');
  // It is noticed within a second.
  await sh('sleep 2');
  await startService();
  await sh('touch /tmp/go-on');
  await reading.exited;
  expect(reading.stdout).toBe(`began\n${whole}`);
  await sh('rm /tmp/long /tmp/go-on');
});

test('nothing of a device depends on the service', async () => {
  // Until its command runs, a launcher begins anew without the service.
  await sh(`dmfd create mine ${ZERO} -- sleep 1000 & until pgrep -fx 'sleep 1000'; do sleep 0.1; done`);
  await killService();
  expect(
    await sh('dmsetup ls; DMFD_COLD=1 dmfd ls -n -o name,held-by; kill %1 2>/dev/null; pkill -x sleep'),
  ).toMatch(/^mine.*\nmine\s.*sleep/);
  await expectNothingLeft();
});

describe('a socket that is no service costs a moment', () => {
  beforeAll(() => killService());

  test.each(
    sampleOf(['silent', 'deaf', 'garbage', 'closing', 'full', 'stranger', 'dead', 'file', 'none'], 3),
  )('%s', async (kind) => {
    const server = await vm.start(['python3', vmFile('scenarios/warm/hostile.py'), kind]);
    await server.waitForOutput(/ready/, 20_000, 'stdout');
    const { stdout, cold } = await watched(`dmfd create ${ZERO} -- echo did`);
    expect([stdout, cold.length]).toEqual(['did\n', 1]);
    server.signal('SIGKILL', 'process');
    await server.exited;
  });
});
