import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mangle } from '../../../src/dm/mangling.js';
import { diskseqIn, expectNothingLeft, sampleOf, sh, thorough, vm } from './support.js';

const DISKS = ['/tmp/read-back-0', '/tmp/read-back-1'] as const;
const SECTORS = 8192;

beforeAll(async () => {
  await sh(`truncate -s ${SECTORS * 512} ${DISKS.join(' ')}`);
});

afterAll(async () => {
  await expectNothingLeft();
  await sh(`rm ${DISKS.join(' ')}`);
});

/** A table and how the kernel states it: as it was asked, unless it has a form of its own. */
interface Kind {
  readonly what: string;
  readonly asked: readonly string[];
  readonly stated?: readonly string[];
}

const KINDS: readonly Kind[] = [
  { what: 'zero', asked: ['0 8 zero'] },
  { what: 'linear', asked: ['0 100 linear {loop0} 4000'] },
  { what: 'striped', asked: ['0 4096 striped 2 64 {loop0} 0 {loop1} 128'] },
  { what: 'delay', asked: ['0 2048 delay {loop0} 8 0 {loop1} 16 1'] },
  { what: 'snapshot-origin', asked: ['0 2048 snapshot-origin {loop0}'] },
  { what: 'snapshot', asked: ['0 2048 snapshot {loop0} {loop1} N 16'] },
  { what: 'mirror', asked: ['0 2048 mirror core 1 1024 2 {loop0} 0 {loop1} 0'] },
  {
    what: 'flakey',
    asked: ['0 2048 flakey {loop0} 0 30 5 1 drop_writes'],
  },
  {
    what: 'crypt, with its options',
    asked: [`0 2048 crypt aes-xts-plain64 ${'0123456789abcdef'.repeat(4)} 7 {loop0} 16 1 allow_discards`],
  },
  {
    what: 'several targets on several devices',
    asked: [
      '0 1000 linear {loop0} 10',
      '1000 24 zero',
      '1024 1 error',
      '1025 999 linear {loop1} 0',
      '2024 2048 striped 2 64 {loop0} 2048 {loop1} 2048',
      `4072 8 crypt aes-cbc-essiv:sha256 ${'ab'.repeat(32)} 0 {loop1} 4200`,
    ],
  },
  {
    what: 'blanks between the columns',
    asked: [' 0\t 8   linear \t{loop0}   3'],
    stated: ['0 8 linear {loop0} 3'],
  },
];

describe('dmsetup finds what was asked', () => {
  test.each(sampleOf(KINDS, 4).map((kind) => [kind.what, kind] as const))(
    '%s',
    async (_what, { asked, stated }) => {
      const found = await create({ table: asked.flatMap((line) => ['--table', line]), lines: asked });
      expect(found.table).toEqual(found.substituted(stated ?? asked));
      expect(found.status).toEqual(lineHeads(asked));
      const length = asked.reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[1]), 0);
      expect(found.sys).toMatchObject({ size: String(length), ro: '0' });
      expect(found.info).toMatchObject({
        segments: String(asked.length),
        open: '1',
        tables: 'Live',
        readonly: 'Writeable',
        suspended: 'Active',
      });
      expect(found.state).toBe('ACTIVE (DEFERRED REMOVE)');
    },
  );

  thorough('in a table of 10,000 lines', async () => {
    const lines = Array.from({ length: 10_000 }, (_, index) => {
      const types = [
        'zero',
        'error',
        `linear {loop0} ${index % 4000}`,
        `linear {loop1} ${(index * 7) % 4000}`,
      ];
      return `${index * 3} 3 ${types[index % 4]}`;
    });
    await vm.run(['sh', '-c', 'cat >/tmp/read-back.table'], {
      stdin: lines.map((line) => `${line}\n`).join(''),
    });
    const found = await create({ table: ['--table-file', '/tmp/read-back.table'], lines });
    expect(found.table).toEqual(found.substituted(lines));
    expect(found.status).toEqual(lineHeads(lines));
    expect(found.sys.size).toBe('30000');
  });
});

describe('dmsetup finds the name and the UUID', () => {
  const names: readonly [name: string, uuid: string][] = [
    ['with blanks  in it', 'a UUID with blanks'],
    ['Gerät–デバイス', 'Gerät–デバイス'],
    [`#+-.:=@_%"'\\\\$*?[x]{path}`, `#+-.:=@_%"'\\\\$*?[x]{path}`],
    ['n'.repeat(127), 'u'.repeat(128)],
  ];
  test.each(sampleOf(names, 2))('%s', async (name, uuid) => {
    const found = await create({ name, uuid });
    expect(found.info).toMatchObject({ name, uuid });
    expect(found.sys).toMatchObject({ name: mangle(name), uuid: mangle(uuid) });
    expect(found.environment).toMatchObject({ DMFD_NAME: name, DMFD_UUID: uuid });
  });
});

test('what the command is told is what dmsetup and the kernel tell', async () => {
  const { info, sys, environment } = await create({});
  expect(environment).toEqual({
    DMFD_NAME: info.name,
    DMFD_UUID: info.uuid,
    DMFD_DEV: `${info.major}:${info.minor}`,
    DMFD_PATH: `/dev/dm-${info.minor}`,
    DMFD_SIZE: String(Number(sys.size) * 512),
    DMFD_DISKSEQ: sys.diskseq,
  });
});

test('a read-only device is one for dmsetup, for the kernel and below', async () => {
  const { info, sys, table, substituted, loops } = await create({
    table: ['--readonly', '--table', '0 8 linear {loop0} 0'],
    lines: ['0 8 linear {loop0} 0'],
  });
  expect(info.readonly).toBe('Read-only');
  expect(sys.ro).toBe('1');
  expect(table).toEqual(substituted(['0 8 linear {loop0} 0']));
  expect(loops.map(({ ro }) => ro)).toEqual(['1']);
});

thorough('odd characters in parameters reach the kernel as they are', async () => {
  // The kernel looks the path up: with one byte changed there would be no such device. It takes \ for quoting.
  const path = `/tmp/Gerät "%s" {x} $(y) 'z' {fd}`;
  const { number } = JSON.parse(
    await sh(`
      loop=$(losetup --find --show ${DISKS[0]})
      printf '{"number":"%s"}' "$(losetup --noheadings -O MAJ:MIN "$loop" | tr -d ' ')"
      ln -s "$loop" '${path.replaceAll("'", `'\\''`)}'`),
  );
  const line = `0 8 linear ${path.replaceAll(' ', '\\ ')} 5`;
  const { table } = await create({ table: ['--table', line], lines: [line] });
  expect(table).toEqual([`0 8 linear ${number} 5`]);
  await sh(
    `rm '${path.replaceAll("'", `'\\''`)}'; losetup --detach "$(losetup --noheadings -O NAME -j ${DISKS[0]})"`,
  );
});

interface Request {
  readonly name?: string;
  readonly uuid?: string;
  /** Options, and the lines that they come to. */
  readonly table?: readonly string[];
  readonly lines?: readonly string[];
}

const INFO = [
  ...['name', 'uuid', 'major', 'minor', 'open', 'segments'],
  ...['tables_loaded', 'readonly', 'suspended'],
] as const;
const SYS = ['size', 'ro', 'dm/name', 'dm/uuid'];
const TOLD = ['NAME', 'UUID', 'DEV', 'PATH', 'SIZE', 'DISKSEQ'].map((word) => `DMFD_${word}`);

/** What dmsetup and /sys say, from inside the command; dmsetup finds the device by its number. */
const LOOK = `
  device="-j \${DMFD_DEV%:*} -m \${DMFD_DEV#*:}"
  dmsetup info -c --noheadings --separator '\u001f' -o ${INFO.join(',')} $device
  printf '\\036'; { dmsetup info "$DMFD_NAME"; dmsetup info -u "$DMFD_UUID"; } | sed -n 's/^State: *//p'
  printf '\\036'; dmsetup table --showkeys $device
  printf '\\036'; dmsetup status $device
  printf '\\036'; cd "/sys/dev/block/$DMFD_DEV"; cat ${SYS.join(' ')}; ${diskseqIn('.')}
  printf '\\036'; printenv ${TOLD.join(' ')}
  printf '\\036'; for loop in /sys/block/loop*; do
    [ ! -e $loop/loop ] || echo $(cat $loop/dev $loop/ro $loop/loop/backing_file)
  done
`;

async function create({ name, uuid, table = ['--table', '0 8 zero'], lines = [] }: Request) {
  const files = DISKS.filter((_, index) => lines.some((line) => line.includes(`{loop${index}}`)));
  const argv = [
    ...['dmfd', 'create', ...(name === undefined ? [] : [name])],
    ...(uuid === undefined ? [] : ['--uuid', uuid]),
    ...table,
    ...files.flatMap((file) => ['--loop', file]),
    ...['--no-placeholders', '--', 'sh', '-c', LOOK],
  ];
  const { code, stdout, stderr } = await vm.run(argv);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const parts = stdout.split('\u001e').map((part) => part.trimEnd().split('\n'));
  const [info = [], state = [], shown = [], status = [], sys = [], told = [], losetup = []] = parts;
  const loops = losetup.map((line) => {
    const [number = '', ro = '', ...file] = line.split(' ');
    return { number, ro, file: file.join(' ') };
  });
  const numberOf = (file: string | undefined) =>
    loops.find((loop) => loop.file === file)?.number ?? `no ${file}`;
  return {
    info: named(
      INFO.map((field) => (field === 'tables_loaded' ? 'tables' : field)),
      (info[0] ?? '').split('\u001f'),
    ),
    state: [...new Set(state)].join(', '),
    table: shown.map((line) => line.trimEnd()),
    status: status.map((line) => line.trim().split(' ').slice(0, 3).join(' ')),
    sys: named([...SYS.map((file) => file.replace('dm/', '')), 'diskseq'], sys),
    environment: named(TOLD, told),
    loops,
    substituted: (asked: readonly string[]) =>
      asked.map((line) => line.replace(/\{loop(\d)\}/g, (_, index) => numberOf(DISKS[Number(index)]))),
  };
}

function named(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? 'missing']));
}

/** What every target's status begins with. */
function lineHeads(lines: readonly string[]): string[] {
  return lines.map((line) => line.trim().split(/\s+/).slice(0, 3).join(' '));
}
