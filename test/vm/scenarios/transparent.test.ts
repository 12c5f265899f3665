import { afterEach, describe, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { everything, expectNothingLeft, sampleOf, sh, thorough } from './support.js';

/** Prints all that a process has from who started it. */
const probe = program('surroundings');

afterEach(expectNothingLeft);

const WAYS = {
  plain: '',
  spawned: "dmfd create mine --table '0 8 zero' --",
  executed: "dmfd create mine --table '0 8 zero' --exec --",
};

/** perl, as what a caller in C would do to its signals. */
const WITH_SIGNALS = `perl -MPOSIX -e '
  sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGUSR2, SIGTERM, SIGCHLD, SIGRTMIN)); kill USR2 => $$; exec { $ARGV[0] } @ARGV'`;

/** For `make test-all`: each is like a row below. */
const SELDOM: readonly [what: string, script: string][] = [
  ['descriptors without a gap', 'for n in 3 4 5 6 7 8 9; do eval "exec $n</dev/null"; done; {}'],
  ['a closed standard input', '{} <&-'],
  ['a closed standard error', '{} 2>&-'],
  ['a session of its own', 'setsid -w {}'],
];

/** How a caller starts a command: what is set up, then {} for the command, then redirections. */
const ROWS: readonly [what: string, script: string][] = [
  ['nothing in particular', '{}'],
  [
    'descriptors: a lock, a pipe, a file half read, numbers beyond gaps',
    'exec 9>/tmp/lock 5</etc/passwd 17</dev/null 200>>/tmp/log; flock 9; read -r line <&5; {} 63< <(sleep 0.1)',
  ],
  ['ignored signals', 'trap "" HUP INT QUIT PIPE ALRM USR1 TERM CHLD TSTP TTOU RTMIN+3; {}'],
  ['nohup', 'nohup {} >/tmp/out 2>&1 </dev/null'],
  ['blocked signals, one of them pending', `${WITH_SIGNALS} {}`],
  [
    'a low soft and a lower hard limit on descriptors',
    'ulimit -Sn 64; ulimit -Hn 5000; ulimit -c 0 -s 9000; {}',
  ],
  ['umask, nice value, input and output priority', 'umask 027; cd /usr; ionice -c 3 nice -n 5 {}'],
  ['a closed standard output', '{} >&-'],
  ['all three closed', '{} <&- >&- 2>&-'],
  ['descriptor 3 where standard input was', 'exec 3<&0 <&-; {}'],
  ['no environment', 'env -i {}'],
  ['an odd environment', 'env -u HOME A= =b DMFD_X=1 "A B=c" {} "" "a b" -- --'],
  [
    'variables that would steer Node or the dynamic loader, and such as dmfd hides them under',
    "env NODE_OPTIONS='--inspect --title=zz --frob' NODE_ENV=x NODE_DEBUG= UV_USE_IO_URING=1 OPENSSL_CONF=/x SSL_CERT_FILE=/x LD_PRELOAD=/x.so LD_LIBRARY_PATH=/x GLIBC_TUNABLES=x DMFD_HIDDEN_0=1 DMFD_HIDDEN_DMFD_HIDDEN_0= {}",
  ],
  [
    '7,000 descriptors, each with a gap before it',
    `ulimit -n 20000; perl -MPOSIX -e '$^F = 1 << 20; open(F, "</dev/null"); dup2(fileno(F), 2 * $_ + 9) for 0 .. 6999; exec { $ARGV[0] } @ARGV' {}`,
  ],
  ['descriptors to listen to, which are for nobody else', 'LISTEN_FDS=1 LISTEN_PID=1 LISTEN_FDNAMES=a {}'],
  [
    'no new privileges, fewer capabilities, a signal for the death of its parent',
    'setpriv --pdeathsig INT --no-new-privs --bounding-set -net_raw --inh-caps -net_raw {}',
  ],
];

describe.each(everything ? [...ROWS, ...SELDOM] : sampleOf(ROWS, 8))('%s', (_what, script) => {
  test('the command finds what it would find without dmfd', async () => {
    const seen: Record<string, string[]> = {};
    for (const [way, wrapper] of Object.entries(WAYS)) {
      const command = `${wrapper} ${probe} -o /tmp/seen`;
      // A shell of its own: what it is told to ignore stays so. env and its like find dmfd along PATH.
      const line = script.replace('{}', () => command.trimStart());
      const whole =
        script.includes('env -i') && wrapper !== '' ? line.replace('dmfd', '/usr/local/bin/dmfd') : line;
      await sh(`rm -f /tmp/seen; bash -c '${whole.replaceAll("'", "'\\''")}' </dev/null`);
      seen[way] = (await sh('cat /tmp/seen')).trim().split('\n');
    }
    const plain = comparable(seen.plain ?? []);
    expect(plain.length).toBeGreaterThan(50);
    for (const way of ['spawned', 'executed']) {
      const { lines, device, variables } = withoutDevice(seen[way] ?? []);
      expect([way, ...comparable(lines)]).toEqual([way, ...plain]);
      expect([way, device.length, variables]).toEqual([way, 1, VARIABLES]);
      expect(device[0]).toMatch(/^fd \d+: type 60000, .* close-on-exec 0/);
    }
  });
});

const VARIABLES = ['DEV', 'DISKSEQ', 'FD', 'FDS', 'MODE', 'NAME', 'PATH', 'SIZE', 'UUID'].map(
  (name) => `DMFD_${name}`,
);

/** What dmfd adds on purpose, apart. */
function withoutDevice(seen: readonly string[]): { lines: string[]; device: string[]; variables: string[] } {
  const isDevice = (line: string) => /^fd \d+: type 60000,/.test(line);
  const ours = (line: string) => /^environment: (DMFD_(?!X=)[A-Z_]+)=/.exec(line)?.[1];
  return {
    lines: seen.filter((line) => !isDevice(line) && ours(line) === undefined),
    device: seen.filter(isDevice),
    variables: seen.flatMap((line) => ours(line) ?? []).sort(),
  };
}

/** Without what differs from one start of the same command to the next. */
function comparable(seen: readonly string[]): string[] {
  return (
    seen
      // bash tells a command its own path.
      .filter((line) => !line.startsWith('environment: _='))
      // dmfd itself is not listened to by its command; the protocol's variables name a process.
      .filter((line) => !line.startsWith('environment: LISTEN_'))
      // A pipe has another number every time.
      .map((line) => (line.includes('type 10000') ? line.replace(/same file \S+/, 'a pipe') : line))
      .map((line) => line.replace(/^(session|process group): \d+$/, '$1: some'))
  );
}

thorough('no debugger is opened in dmfd; the command has its port', async () => {
  const output = await sh(`ip link set lo up; export NODE_OPTIONS=--inspect=127.0.0.1:9229
${WAYS.spawned} node -p 'require("inspector").url()'; unset NODE_OPTIONS
mkfifo /tmp/end; sleep 1000 >/tmp/end & NODE_OPTIONS=--inspect dmfd create held --table '0 8 zero' </tmp/end & dmfd=$!
until dmsetup ls | grep -q held; do sleep 0.1; done; sleep 0.5
grep -c :240D /proc/net/tcp; kill $dmfd %1; rm /tmp/end`);
  expect(output).toMatch(/^ws:\/\/127\.0\.0\.1:9229\/\S+\n(?:\/dev\/dm-\d+\n)?0\n$/);
});

test.each(['spawned', 'executed'] as const)('a channel of Node’s goes through dmfd: %s', async (way) => {
  const script = `
    const [command, ...words] = process.argv.slice(1);
    const child = require('child_process').spawn(command, words, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
    child.on('message', (message) => (console.log(message), child.send('and back')));`;
  const answer = `process.on('message', (m) => (console.log(m), process.disconnect())); process.send('through')`;
  const words = WAYS[way].replace(/--$/, '-- node -e').replaceAll("'", '"');
  expect(await sh(`node -e '${script.replaceAll("'", '"')}' ${words} '${answer.replaceAll("'", '"')}'`)).toBe(
    'through\nand back\n',
  );
});

test('neither the terminal’s modes nor the standard streams’ flags are put back when the command has set them', async () => {
  const wrapper = "dmfd create --table '0 8 zero' --";
  const output = await sh(`cat >/tmp/modes.sh <<'EOF'
stty echo; ${wrapper} stty -echo; stty -a | grep -o -e '-\\?echo '
${wrapper} perl -MFcntl -e 'fcntl(STDIN, F_SETFL, O_RDWR | O_NONBLOCK)'; grep flags /proc/self/fdinfo/0
EOF
script -qec 'sh /tmp/modes.sh' /dev/null </dev/null`);
  expect(output.replaceAll('\r', '')).toMatch(/^-echo \nflags:\s+0?\d*4\d{3}\n/);
});

test('--exec leaves nothing of Node behind: one thread, no timers, no memory, no descriptors', async () => {
  const script =
    'ls /proc/$$/task | wc -l; grep -c -e node -e libdmfd -e ffi /proc/$$/maps; ls /proc/$$/fd | tr "\\n" " "; cat /proc/$$/comm';
  expect(await sh(`${WAYS.executed} sh -c '${script}' 2>&1 </dev/null`)).toBe('1\n0\n0 1 2 3 sh\n');
});

test('dmfd does not keep open what the command has closed', async () => {
  // cat sees the end of its input, and another the lock, while command and dmfd are still there.
  const output = await sh(`mkfifo /tmp/fifo
${WAYS.spawned} sh -c 'exec 9>&- 8>&- >/dev/null; while [ ! -e /tmp/seen-end ]; do sleep 0.05; done' 8>/tmp/fifo 9>/tmp/lock2 &
exec 7</tmp/fifo
cat <&7; flock -w 20 /tmp/lock2 echo free; touch /tmp/seen-end; wait $!; echo $?`);
  expect(output).toBe('free\n0\n');
});
