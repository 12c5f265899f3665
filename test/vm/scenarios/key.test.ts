import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { vmFile } from '../harness/checkout.js';
import { atCall } from './at-call.js';
import { everything, expectNothingLeft, image, kernelKnows, sampleOf, sh, thorough, vm } from './support.js';

const SECTORS = 2048;
const CRYPT = `--loop /tmp/key.img --table '0 ${SECTORS} crypt aes-xts-plain64 {key} 0 {loop0} 0'`;
/** add_key(2) and EPERM, as a container's filter has it. */
const WITHOUT_KEYRING = '248 1';

const findKey = program('find-key');
const refuse = program('refuse');

beforeAll(async () => {
  await image('key.img', 1);
  // Loads the modules, with the ciphers' self-tests.
  await sh(`head -c 64 /dev/urandom >/tmp/key; chmod 600 /tmp/key; dmfd create --key-random 512 ${CRYPT} -- true
    echo /tmp/core.%p >/proc/sys/kernel/core_pattern`);
});

afterEach(async () => {
  expect(await sh('grep dmfd: /proc/keys || true')).toBe('');
  await expectNothingLeft();
});

test('the bytes of a file, or of a descriptor, are the key that dmsetup would be given in hex', async () => {
  const output = await sh(`${vmFile('scenarios/key/like-dmsetup.sh')} /tmp/key.img /tmp/key ${SECTORS}`);
  const [table, ...rest] = output.trim().split('\n');
  expect(table).toMatch(/^0 2048 crypt aes-xts-plain64 :64:logon:dmfd:DMFD-[-0-9a-f]+ 0 7:\d+ 0$/);
  expect(rest).toEqual(['same', 'same', '0', 'what was written']);
});

test.each(sampleOf(['', '--exec'], 2))(
  'the command gets no descriptor of the key, whatever its number (%s)',
  async (options) => {
    // Each command has its output to itself: the shell's own descriptors are looked at.
    const look = (fd: number) =>
      `bash -c 'readlink /proc/$$/fd/${fd} >>/tmp/seen || echo closed >>/tmp/seen; ls -l /proc/$$/fd | grep -c /tmp/key >>/tmp/seen'`;
    const lines = [0, 1, 2, 7].map(
      (fd) => `dmfd create --key-fd ${fd} ${CRYPT} ${options} -- ${look(fd)} ${fd}</tmp/key || true`,
    );
    expect(await sh(`rm -f /tmp/seen\n${lines.join('\n')}\ncat /tmp/seen`)).toBe(
      `${'/dev/null\n0\n'.repeat(3)}closed\n0\n`,
    );
  },
);

thorough(
  'nor by another name of it, nor the file of a table in which the key stands; another of the same file is its own',
  async () => {
    const look = `bash -c 'for fd in 0 7 8; do readlink /proc/$$/fd/$fd || echo closed; done >>/tmp/seen'`;
    const table = `--loop /tmp/key.img --table-file`;
    const lines = [
      `--key-file /dev/fd/7 ${CRYPT} -- ${look} 7</tmp/key 8</tmp/key </tmp/key`,
      `--key-file /dev/stdin ${CRYPT} -- ${look} </tmp/key`,
      `--key-file /tmp/link ${CRYPT} --exec -- ${look} 7</tmp/key </dev/zero`,
      `${table} - -- ${look} </tmp/key.table`,
      `${table} /proc/self/fd/7 -- ${look} 7</tmp/key.table </dev/zero`,
    ].map((line) => `dmfd create --fd 9 ${line}`);
    const output = await sh(`rm -f /tmp/seen; ln -s /proc/self/fd/7 /tmp/link
    echo "0 ${SECTORS} crypt aes-xts-plain64 $(od -An -v -tx1 /tmp/key | tr -d ' \n') 0 {loop0} 0" >/tmp/key.table
    ${lines.join('\n')}
    cat /tmp/seen; rm /tmp/link /tmp/key.table /tmp/seen`);
    const seen = [
      ['/tmp/key', 'closed', '/tmp/key'],
      ['/dev/null', 'closed', 'closed'],
      ['/dev/zero', 'closed', 'closed'],
      ['/dev/null', 'closed', 'closed'],
      ['/dev/zero', 'closed', 'closed'],
    ];
    expect(output.trim().split('\n')).toEqual(seen.flat());
  },
);

thorough(
  'where the keyring is refused the key stands in the table, in every target that wants it',
  async () => {
    const line = `--table '${SECTORS} 8 crypt aes-xts-plain64 {key} 2048 {loop1} 0'`;
    const output = await sh(`truncate -s 4096 /tmp/more.img
    ${refuse} ${WITHOUT_KEYRING} dmfd create --key-file /tmp/key ${CRYPT} --loop /tmp/more.img ${line} --json-fd 9 \
      9>/tmp/json -- dmsetup table --showkeys >/tmp/table
    grep -o '"key":"[a-z]*"' /tmp/json
    sed "s/$(od -An -v -tx1 /tmp/key | tr -d ' \n')/THE-KEY/" /tmp/table | cut -d' ' -f 2-6`);
    expect(output).toBe(
      [
        '"key":"table"',
        '0 2048 crypt aes-xts-plain64 THE-KEY',
        '2048 8 crypt aes-xts-plain64 THE-KEY',
        '',
      ].join('\n'),
    );
  },
);

test('a crypt target too old for the keyring gets it in the table', async () => {
  const old = [
    atCall('DM_GET_TARGET_VERSION', { nth: 0, error: 'ENOTTY' }),
    atCall('DM_LIST_VERSIONS', { nth: 0, error: 'EINVAL' }),
  ].join(' ');
  expect(await sh(`${old} dmfd create --key-file /tmp/key ${CRYPT} -- dmsetup table | cut -d' ' -f 6`)).toBe(
    `${'0'.repeat(128)}\n`,
  );
});

const GIVEN = [
  ['keyring', ''],
  ['table', 'refused'],
] as const;

describe.each(sampleOf(GIVEN, 2))('with the key given in the %s', (given, refused) => {
  const dmfd = () => (refused === '' ? 'dmfd' : `${refuse} ${WITHOUT_KEYRING} dmfd`);
  const create = () => `${dmfd()} create --key-file /tmp/key ${CRYPT} -- true`;

  test('no memory of dmfd has it while the table is loaded, and the process that has it dumps no core', async () => {
    const look = `${findKey} /tmp/key $COMMAND >/tmp/main; ${findKey} /tmp/key $CALLER >/tmp/child; [ $CALLER != $COMMAND ] && kill -ABRT $CALLER; kill -SEGV $CALLER`;
    const output = await sh(`rm -f /tmp/core.*; ulimit -c unlimited
      ${atCall('DM_TABLE_LOAD', { run: look })} ${create()}; echo "ended $?"; ls /tmp/core.* 2>/dev/null || echo no core
      cat /tmp/main /tmp/child; HEX=$(od -An -v -tx1 /tmp/key | tr -d ' \\n') sleep 30 & until grep -q sleep /proc/$!/comm; do sleep 0.1; done; ${findKey} /tmp/key $!; kill $!`);
    const [ended, core, main, ...others] = output.trim().split('\n');
    expect([ended, core]).toEqual(['ended 0', 'no core']);
    expect(main).toMatch(/^\d+ clean, \d{7,} bytes$/);
    const control = others.splice(-2);
    // The search does find what is there.
    expect(control).toEqual([expect.stringMatching(/^found hex at /), expect.stringMatching(/^\d+ has it/)]);
    // With memfd_secret(2), which not even root can look into; the patched kernels are built without it.
    if (vm.kernel.name.startsWith('debian-') && kernelKnows('secret memory'))
      expect(others).toEqual([expect.stringMatching(/^\d+ clean/)]);
    else expect(others.at(-1)).toMatch(/has it|clean/);
    expect(given).toMatch(/keyring|table/);
  });

  // A core would do the shield harm: see shield.c. `make test` leaves out some moments.
  const moments = ['DM_TABLE_LOAD', 'DM_DEV_SUSPEND'] as const;
  test.each(everything ? moments : moments.slice(0, 1))('dmfd dumps no core at %s', async (call) => {
    const output = await sh(`rm -f /tmp/core.*; ulimit -c unlimited
      ${atCall(call, { run: 'kill -ABRT $COMMAND' })} ${create()}; echo "ended $?"; ls /tmp/core.* 2>/dev/null || echo no core`);
    expect(output).toBe('ended 134\nno core\n');
  });

  test('a core of dmfd, once the device is made, has nothing of it', async () => {
    const output = await sh(`rm -f /tmp/core.*; ulimit -c unlimited
      ${dmfd()} create --key-file /tmp/key ${CRYPT} </dev/null >/tmp/path & until [ -s /tmp/path ]; do sleep 0.1; done
      kill -ABRT $!; wait $!; echo "ended $?"; ${findKey} /tmp/key /tmp/core.*; rm -f /tmp/core.* /tmp/path`);
    expect(output).toMatch(/^ended 134\n\/tmp\/core\.\d+ clean, \d{7,} bytes\n$/);
  });

  if (!everything && refused !== '') return;

  thorough('strace -f shows none of it', async () => {
    const attach =
      'strace -f -xx -s 70000 -o /tmp/trace -p $COMMAND 2>/tmp/strace.err & until grep -q attached /tmp/strace.err; do sleep 0.1; done';
    const output = await sh(`rm -f /tmp/trace
      ${atCall('/dev/mapper/control', { run: attach })} ${create()} >/dev/null; echo "ended $?"
      n=0; while pgrep -x strace >/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done
      sed 's/\\\\x//g' /tmp/trace >/tmp/trace.hex; ${findKey} /tmp/key /tmp/trace.hex
      grep -c CLONE_UNTRACED /tmp/trace; grep -c DM_DEV_CREATE /tmp/trace; grep -c -e add_key -e DM_TABLE_LOAD /tmp/trace || true`);
    expect(output).toMatch(/^ended 0\n\/tmp\/trace\.hex clean, \d{4,} bytes\n1\n1\n0\n$/);
  });

  test('a kill of the process that has it takes everything back', async () => {
    const output = await sh(
      `${atCall('DM_TABLE_LOAD', { run: 'kill -KILL $CALLER' })} ${create()} 2>&1; echo "ended $?"; dmsetup ls`,
    );
    expect(output).toMatch(
      /^dmfd: device \S+: the process that had the key was killed; everything was taken back\n {2}hint: .*\nended 125\nNo devices found\n$/,
    );
  });
});

const EMPTY = `dmfd: device NAME: the key is empty
  hint: nothing could be read where the key should be
`;

/** With what is said of it, and the exit status. */
const HAD_NOT: readonly [line: string, says: string, status: number][] = [
  [`: | dmfd create --key-fd 0 ${CRYPT} -- true`, EMPTY, 125],
  [`dmfd create --key-file /dev/null ${CRYPT} -- true`, EMPTY, 125],
  [
    `dmfd create --key-file /dev/zero ${CRYPT} -- true`,
    `dmfd: device NAME: the key is longer than 4096 bytes
  hint: all of a key file is the key; cut one out with: head -c BYTES FILE | dmfd … --key-fd 0
`,
    125,
  ],
  [
    `(ulimit -l 0; setpriv --bounding-set=-ipc_lock --inh-caps=-ipc_lock dmfd create --key-random 512 ${CRYPT} -- true)`,
    `dmfd: device NAME: a process with locked memory for the key: ENOMEM, not enough memory
  hint: check the limits on processes and on locked memory (ulimit -u, ulimit -l, the cgroup)
`,
    125,
  ],
  [
    `head -c 65 /dev/urandom | dmfd create --key-fd 0 ${CRYPT} -- true`,
    `dmfd: device NAME: DM_TABLE_LOAD: EINVAL, invalid argument
  kernel: device-mapper: table: N: crypt: Error decoding and setting key
  kernel: device-mapper: ioctl: error adding target to table
  hint: the arguments of the target are wrong for this kernel, or what they name cannot be used (device of 2048 sectors, target: crypt)
`,
    125,
  ],
  [`dmfd create --key-file /tmp/key ${CRYPT} -q -- true`, '', 0],
  [
    `chmod 644 /tmp/key; dmfd create --key-file /tmp/key ${CRYPT} -- true`,
    'dmfd: key file "/tmp/key": every user can read it (mode 0644)\n',
    0,
  ],
];

test('a key that cannot be had costs no device', async () => {
  const rows = sampleOf(HAD_NOT, 2);
  const output = await sh(`exec 2>&1
    ${rows.map(([line]) => `${line}; echo $?`).join('\n    ')}
    chmod 600 /tmp/key`);
  expect(
    output
      .replaceAll(/device dmfd-[0-9a-f]{8}/g, 'device NAME')
      .replaceAll(/table: \d+:\d+:/g, 'table: N:')
      // Some kernels name their errors, some do not tell them.
      .replaceAll(/ \((-22|-EINVAL)\)/g, ''),
  ).toBe(rows.map(([, says, status]) => `${says}${status}\n`).join(''));
});

thorough('dmfd waits for a key that is slow to come, and ^C ends that', async () => {
  const output = await sh(`
    (sleep 2; cat /tmp/key) | dmfd create --key-fd 0 ${CRYPT} -- echo made; echo $?
    mkfifo /tmp/slow; sleep 100 >/tmp/slow & writer=$!
    env --default-signal=INT dmfd create --key-file /tmp/slow ${CRYPT} -- echo made & waiting=$!
    until pgrep -P $waiting >/dev/null; do sleep 0.1; done; dmsetup ls; kill -INT $waiting; wait $waiting; echo $?
    left() { ps -eo comm= | grep -e node -e dmfd -e Main; }
    for n in $(seq 100); do left >/dev/null || break; sleep 0.1; done; left; kill $writer
    cat /tmp/key >/tmp/slow & dmfd create --table '0 8 zero' --then --key-file /tmp/slow \
      --table '0 8 crypt aes-xts-plain64 {key} 0 {below} 0' -- echo made; wait $!; echo $?; rm /tmp/slow`);
  // The process that waited for it is gone, too. Whoever gives a key is asked for it once, layers or not.
  expect(output).toBe('made\n0\nNo devices found\n130\nmade\n0\n');
});

thorough(
  'on a terminal, a wait for the key is shown, and the command has the terminal as it was',
  async () => {
    const output = await sh(`rm -f /tmp/typescript
    cat >/tmp/slow-key.sh <<'END'
stty cols 80
{ until grep -q waiting /tmp/typescript; do sleep 0.2; done; cat /tmp/key; } |
  dmfd create --key-fd 0 ${CRYPT} -- sh -c 'grep -h flags /proc/self/fdinfo/2; echo made'
END
    script -qefc 'sh /tmp/slow-key.sh' /tmp/typescript </dev/null >/dev/null; cat /tmp/typescript`);
    expect(output).toContain(' waiting for the key');
    // Blocking, and read and written.
    expect(output).toMatch(/flags:\s+0?(?:1?0000)?2\r\nmade\r\n/);
  },
);
