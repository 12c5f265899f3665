import { afterEach, expect, test } from 'vitest';
import { expectedMode, expectNothingLeft, sampleOf, sh, standing, thorough, vm } from './support.js';

const CREATE = "dmfd create mine --table '0 2048 zero'";

afterEach(expectNothingLeft);

/** Which of a command's descriptors are block devices, one "number access-mode device" a line. */
const DESCRIPTORS = `for fd in $(ls /proc/$$/fd); do [ -b /proc/$$/fd/$fd ] &&
  echo "$fd $(( 8#$(sed -n "s/^flags:\\s*//p" /proc/$$/fdinfo/$fd) & 3 )) $(stat -Lc %t:%T /proc/$$/fd/$fd)"; done; true`;
const READ_ONLY = 0;
const READ_WRITE = 2;

thorough('wrappers nest: the command gets both devices, each by its name', async () => {
  const script =
    'echo "$DMFD_FD $DMFD_NAME $DMFD_FDS"; stat -Lc "%F" /proc/self/fd/3 /proc/self/fd/4; echo {dev}; dmsetup deps inner | grep -c :';
  const inner = `dmfd create inner --table '0 8 linear {dev} 0' -- bash -c '${script}'`;
  const [names, outer, second, dev] = (await sh(`${CREATE.replace('mine', 'outer')} -- ${inner}`)).split(
    '\n',
  );
  expect(names).toBe('4 inner outer=3,inner=4');
  expect([outer, second]).toEqual(['block special file', 'block special file']);
  // The outer one fills in every word after its --.
  expect(dev).toMatch(/^\d+:0$/);
});

test.each(['', '--exec'])(
  'an inherited descriptor keeps its number, and the device takes the next free one (%s)',
  async (options) => {
    const output = await sh(
      `exec 3</etc/passwd 5</dev/null; ${CREATE} ${options} -- bash -c 'echo $DMFD_FD; head -c 4 <&3; ls /proc/$$/fd | tr "\\n" " "'`,
    );
    expect(output).toBe('4\nroot0 1 2 3 4 5 ');
  },
);

test.each([
  ['--ro-fd 7', 3, 7],
  ['--exec --ro-fd 3', 4, 3],
  ['--fd 9 --ro-fd 8', 9, 8],
])('%s: a second descriptor of the same device, read-only', async (options, fd, readOnlyFd) => {
  const output = await sh(
    `${CREATE} ${options} -- bash -c 'echo $DMFD_FD $DMFD_RO_FD; ${DESCRIPTORS}; echo x >&$DMFD_FD && echo written; echo x >&$DMFD_RO_FD || echo refused' 2>/dev/null`,
  );
  const [numbers, ...rest] = output.trim().split('\n');
  expect(numbers).toBe(`${fd} ${readOnlyFd}`);
  const seen = rest.filter((line) => /^\d/.test(line)).map((line) => line.split(' '));
  const modes = Object.fromEntries(seen.map(([number, mode]) => [number, Number(mode)]));
  expect(modes).toEqual({ [fd]: READ_WRITE, [readOnlyFd]: READ_ONLY });
  expect(new Set(seen.map(([, , device]) => device)).size).toBe(1);
  expect(rest).toEqual(expect.arrayContaining(['written', 'refused']));
});

thorough(
  'the numbers of both may be the last that the limit allows',
  async () => {
    const numbers = sampleOf([19, 20, 21, 22, 23, 24, 25, 26], 3);
    const lines = numbers.flatMap((fd) =>
      ['', '--exec'].map(
        (options) =>
          `${CREATE} ${options} --fd ${fd} --ro-fd 63 -- bash -c '${DESCRIPTORS}' | cut -d' ' -f 1,2`,
      ),
    );
    const seen = await sh(`ulimit -n 64\n${lines.join('\n')}`, 170_000);
    expect(seen.trim().split('\n')).toEqual(
      numbers.flatMap((fd) => [
        `${fd} ${READ_WRITE}`,
        `63 ${READ_ONLY}`,
        `${fd} ${READ_WRITE}`,
        `63 ${READ_ONLY}`,
      ]),
    );
  },
  180_000,
);

test('--hold-readonly: the device can be written, what holds it cannot', async () => {
  const look = `bash -c '${DESCRIPTORS}; blockdev --getro {path}; dd if=/dev/zero of={path} bs=512 count=1 status=none && echo written; dmsetup info -c --noheadings -o open mine'`;
  for (const options of sampleOf(['', '--mode fallback', '--exec'], 3)) {
    const [descriptor, readOnly, written, open] = (
      await sh(`${CREATE} --hold-readonly ${options} -- ${look}`)
    ).split('\n');
    expect(descriptor).toMatch(new RegExp(`^3 ${READ_ONLY} `));
    expect({ options, readOnly, written, open }).toEqual({
      options,
      readOnly: '0',
      written: 'written',
      open: '1',
    });
  }
  const dmfd = await vm.start([...'dmfd create mine --hold-readonly --json --table'.split(' '), '0 8 zero']);
  await dmfd.waitForOutput(/\n/, 60_000);
  const { fd, pid, readonly, mode } = JSON.parse(dmfd.stdout);
  expect({ readonly, mode }).toEqual({ readonly: false, mode: expectedMode });
  expect(await sh(`sed -n 's/^flags:.*\\(.\\)$/\\1/p' /proc/${pid}/fdinfo/${fd}`)).toBe(`${READ_ONLY}\n`);
  dmfd.closeStdin();
  expect(await dmfd.exited).toMatchObject({ code: 0 });
});

const ANNOUNCED = `bash -c 'echo $(( LISTEN_PID == $$ )) $LISTEN_FDS $LISTEN_FDNAMES $DMFD_FD'`;

test.each(sampleOf(['', '--exec'], 2))(
  '--listen-fds announces the descriptor to the process that gets it, after those given (%s)',
  async (options) => {
    expect(await sh(`${CREATE} --listen-fds ${options} -- ${ANNOUNCED}`)).toBe('1 1 mine 3\n');
    const given = `bash -c 'export LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=one; exec "$@"' -- ${CREATE} --listen-fds ${options} -- ${ANNOUNCED} 3</dev/null 4</dev/null`;
    expect(await sh(given)).toBe('1 3 one:unknown:mine 5\n');
  },
);

test('--json-fd tells what becomes of device and command, and stdout stays the command’s', async () => {
  const output = await sh(
    `${CREATE} --json-fd 9 --wait-gone -- bash -c 'echo $$; ls /proc/$$/fd | tr "\\n" " "; echo; kill -USR1 $$' 9>/tmp/events; cat /tmp/events`,
  );
  const [pid, descriptors, ...lines] = output.trim().split('\n');
  // 9 was for dmfd only.
  expect(descriptors).toBe('0 1 2 3 ');
  const [created, ...rest] = lines.map((line) => JSON.parse(line));
  expect(created).toMatchObject({
    event: 'created',
    name: 'mine',
    size: 1048576,
    mode: expectedMode,
    loops: [],
  });
  expect(rest).toEqual([
    { event: 'started', pid: Number(pid) },
    { event: 'ended', status: null, signal: 'SIGUSR1' },
    { event: 'gone' },
  ]);
});

thorough('--json-fd with --exec ends with the start; without a command there is no start', async () => {
  const events = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event);
  expect(events(await sh(`${CREATE} --json-fd 9 --exec -- true 9>&1`))).toEqual(['created', 'started']);
  expect(events(await sh(`true | ${CREATE} --json-fd 9 --wait-gone 9>&1 >/dev/null`))).toEqual([
    'created',
    'gone',
  ]);
});

thorough('--json-fd to a reader that has gone costs nothing but a warning', async () => {
  const result = await vm.sh(
    `{ ${CREATE} --json-fd 9 -- sh -c 'sleep 0.2; exit 3' 9>&1 >/dev/null; echo $? >/tmp/status; } | true; cat /tmp/status`,
  );
  expect(result.stdout).toBe('3\n');
  expect(result.stderr).toMatch(/^dmfd: --json-fd 9: .*EPIPE.*; nothing more is written there\n$/);
});

thorough('--json-fd says who still holds the device when the time is up', async () => {
  await sh(`mkfifo /tmp/go; rm -f /tmp/pid`);
  const output = await sh(
    `${CREATE} --json-fd 9 --wait-gone=0.3 -q -- sh -c 'cat /tmp/go >/dev/null 2>&1 & echo $! >/tmp/pid; exit 3' 9>&1 >/dev/null; echo $?; cat /tmp/pid`,
  );
  const lines = output.trim().split('\n');
  const [status, pid] = lines.splice(-2);
  expect(status).toBe('124');
  expect(JSON.parse(lines.at(-2) ?? '')).toEqual({ event: 'ended', status: 3, signal: null });
  expect(JSON.parse(lines.at(-1) ?? '')).toEqual({
    event: 'held',
    by: [expect.stringMatching(new RegExp(`^device mine .* held by .*${pid}`))],
  });
  expect(await standing()).toBe('dm: mine');
  await sh('echo >/tmp/go; rm /tmp/go');
});
