import { afterEach, expect, test } from 'vitest';
import { expectNothingLeft, sampleOf, sh, thorough, vm } from './support.js';

const CREATE = "dmfd create --table '0 8 zero'";

afterEach(expectNothingLeft);

test.each([
  ['--fd 0', 0],
  ['--exec --fd 200', 200],
])('with "%s" the command has 0, 1, 2 and the device as %i, and nothing else', async (options, fd) => {
  // The shell lists its own descriptors: ls runs in another process.
  const output = await sh(
    `${CREATE} ${options} -- sh -c 'ls /proc/$$/fd; stat -Lc "%F %t:%T" /proc/$$/fd/{fd}; stat -c "block special file %t:%T" {path}'`,
  );
  const lines = output.trim().split('\n');
  const device = lines.splice(-2);
  expect(lines.map(Number).sort((a, b) => a - b)).toEqual([...new Set([0, 1, 2, fd])].sort((a, b) => a - b));
  expect(device[0]).toBe(device[1]);
});

const ENDS: [command: string, status: number][] = [
  ['true', 0],
  ["sh -c 'exit 7'", 7],
  ["sh -c 'exit 125'", 125],
  ['/etc/passwd', 126],
  ['/tmp', 126],
  ['./no/such/command', 127],
  ['no-such-command', 127],
  ["sh -c 'kill -TERM $$'", 143],
  ["sh -c 'kill -KILL $$'", 137],
  ["sh -c 'kill -SEGV $$'", 139],
];

test.each(sampleOf(ENDS, 3))('ends as %s ends: %i', async (command, status) => {
  const { code, stdout } = await vm.sh(`${CREATE} -- ${command}; echo $?`);
  expect([code, stdout]).toEqual([0, `${status}\n`]);
});

const EXEC_ENDS: [command: string, status: number][] = [
  ["sh -c 'exit 125'", 125],
  ['/etc/passwd', 126],
  ['./no/such/command', 127],
];

test.each(sampleOf(EXEC_ENDS, 3))('ends as %s ends, with --exec: %i', async (command, status) => {
  expect((await vm.sh(`${CREATE} --exec -- ${command}; echo $?`)).stdout).toBe(`${status}\n`);
});

test('a command that is not there costs no device', async () => {
  const result = await vm.sh(
    `strace -f -o /tmp/trace -e trace=openat,open,ioctl ${CREATE} -- no-such-command; grep -c -e mapper/control -e DM_ /tmp/trace`,
  );
  expect(result.stdout).toBe('0\n');
});

thorough('a script without #! line is said to be one', async () => {
  const result = await vm.sh(`echo 'exit 3' >/tmp/bare; chmod +x /tmp/bare; ${CREATE} -- /tmp/bare`);
  expect(result.code).toBe(126);
  expect(result.stderr).toMatch(/\/tmp\/bare.*ENOEXEC.*\n.*hint: .*#!/);
});

test('dmfd dies of the same signal as its command', async () => {
  const result = await vm.run([
    ...'dmfd create --table'.split(' '),
    '0 8 zero',
    '--',
    'sh',
    '-c',
    'kill -USR1 $$',
  ]);
  expect(result).toMatchObject({ code: null, signal: 'SIGUSR1' });
});

const TRAPS = `trap "echo got INT" INT; trap "echo got TERM" TERM; trap "echo got HUP" HUP; trap "echo got USR1" USR1; trap "echo got USR2" USR2`;

test('signals are forwarded, once each', async () => {
  const script = `${TRAPS}; echo ready; i=0; while [ $i -lt 200 ]; do sleep 0.05; i=$((i+1)); [ -e /tmp/stop ] && exit 5; done`;
  await sh('rm -f /tmp/stop');
  const dmfd = await vm.start(['dmfd', 'create', '--table', '0 8 zero', '--', 'sh', '-c', script]);
  await dmfd.waitForOutput(/ready/, 60_000);
  for (const name of ['INT', 'TERM', 'HUP', 'USR1', 'USR2'] as const) {
    dmfd.signal(`SIG${name}`);
    await dmfd.waitForOutput(new RegExp(`got ${name}`), 60_000);
  }
  await sh('touch /tmp/stop');
  const { code, stdout } = await dmfd.exited;
  expect(code).toBe(5);
  expect(stdout.split('\n').sort()).toEqual([
    '',
    'got HUP',
    'got INT',
    'got TERM',
    'got USR1',
    'got USR2',
    'ready',
  ]);
});

test('dmfd closes its own copy when the command has started', async () => {
  const script = `exec 3>&-; n=0; while [ -e /sys/dev/block/$DMFD_DEV ] && [ $n -lt 40 ]; do n=$((n+1)); sleep 0.05; done
    if [ -e /sys/dev/block/$DMFD_DEV ]; then echo held; else echo gone; fi`;
  expect(await sh(`${CREATE} -- sh -c '${script}'`)).toBe('gone\n');
});

test('--exec keeps the pid', async () => {
  const output = await sh(
    `sh -c 'echo $$; exec ${CREATE.replaceAll("'", '"')} --exec -- sh -c "echo \\$\\$"'`,
  );
  const [before, after] = output.trim().split('\n');
  expect(after).toBe(before);
});

test.each(['', '--exec'])('a command that writes to a closed pipe dies of SIGPIPE (%s)', async (options) => {
  const script = `{ ${CREATE} ${options} -- yes; echo $? >/tmp/status; } | head -1 >/dev/null; cat /tmp/status`;
  expect(await sh(script)).toBe('141\n');
});

test('placeholders are filled in, other braces are not, and --no-placeholders leaves all', async () => {
  const words = "'{path}' '{fd}' '{dev}' '{name}' '{diskseq}' '{}' '{other}' 'x{name}y{fd}' '{\"fd\":{fd}}'";
  const [path, fd, dev, name, diskseq, ...rest] = (
    await sh(`${CREATE} '{path}' -- printf '%s\\n' ${words}`)
  ).split('\n');
  expect(path).toMatch(/^\/dev\/dm-\d+$/);
  expect([fd, name]).toEqual(['3', '{path}']);
  expect(dev).toMatch(/^\d+:\d+$/);
  expect(diskseq).toMatch(/^\d+$/);
  expect(rest).toEqual(['{}', '{other}', 'x{path}y3', '{"fd":3}', '']);
  expect(await sh(`${CREATE} --no-placeholders -- printf '%s,' ${words}`)).toBe(
    '{path},{fd},{dev},{name},{diskseq},{},{other},x{name}y{fd},{"fd":{fd}},',
  );
});

thorough('arguments and environment that are no UTF-8 pass unchanged', async () => {
  const output = await sh(
    `export ODD=$(printf 'a\\377b'); ${CREATE} -- sh -c 'printf "%s|%s|%s" "$1" "$ODD" "$0" | od -An -tx1' "$(printf '\\303\\050')" "$(printf '\\200')"`,
  );
  expect(output.trim()).toBe('80 7c 61 ff 62 7c c3 28');
});

test('stdin, stdout and stderr are the command’s, in blocking mode', async () => {
  const output = await sh(
    `(sleep 1; echo late) | ${CREATE} -- sh -c 'grep -h flags /proc/self/fdinfo/0 /proc/self/fdinfo/1; cat' | cat`,
  );
  const [stdin, stdout, ...rest] = output.split('\n');
  const NONBLOCK = 0o4000;
  for (const line of [stdin, stdout]) {
    expect(line).toMatch(/^flags:\s+0\d+$/);
    expect(Number.parseInt(line?.split(/\s+/)[1] ?? '', 8) & NONBLOCK).toBe(0);
  }
  expect(rest).toEqual(['late', '']);
});

thorough('ora is loaded only for a wait on a terminal', async () => {
  const traced = (file: string) => `strace --seccomp-bpf -f -qq -e trace=openat -o ${file} ${CREATE}`;
  // What holds the device lets go of it when it sees that ora was loaded.
  const { stdout } = await vm.sh(
    `${traced('/tmp/unshown')} --wait-gone -- true
     cat >/tmp/shown.sh <<'END'
stty cols 80
${traced('/tmp/shown')} --wait-gone=60 -- sh -c '(until grep -q ora.cjs /tmp/shown; do sleep 0.2; done) &'
echo $?
END
     script -qec 'sh /tmp/shown.sh' /dev/null </dev/null | tail -n 1
     for file in unshown shown; do grep -c -e 'ora.cjs' /tmp/$file; grep -c libdmfd /tmp/$file; done`,
    { timeoutMs: 200_000 },
  );
  expect(stdout.replace('\r', '')).toBe('0\n0\n1\n1\n1\n');
});
