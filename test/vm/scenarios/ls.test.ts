import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkout } from '../harness/checkout.js';
import { everything, expectNothingLeft, image, kernelKnows, sh, whole } from './support.js';

/** One of each kind of holder, devices with a UUID of the user's, and some of other programs. */
beforeAll(async () => {
  await image('ls.img', 16);
  await image('ls-swap.img', 4);
  await sh(`set -e
    mkdir -p /tmp/ls-mnt
    dmfd create mounted --uuid MY-OWN --loop /tmp/ls.img --table '0 32752 linear {loop0} 0' --table '32752 8 zero' -- \\
      sh -c 'mkfs.ext4 -q {path} 15M && mount {path} /tmp/ls-mnt'
    dmfd create 'a blank' --readonly --table '0 2048 zero' -- sh -c 'sleep 1000 >/dev/null 2>&1 & echo $!' >/tmp/ls-pid
    dmsetup create --noudevsync theirs --uuid THEIRS --table '0 8 zero'
    dmsetup create --noudevsync going --table '0 8 zero'
    exec 9</dev/dm-$(dmsetup info -c --noheadings -o minor going)
    sleep 1000 >/dev/null 2>&1 & echo $! >/tmp/ls-going-pid; exec 9<&-
    dmsetup remove --noudevsync --deferred going
    dmsetup create --noudevsync --notable unfinished; dmsetup create --noudevsync --notable left --uuid LEFT
    dmfd create lower --table '0 16 zero' -- dmsetup create --noudevsync upper --table '0 8 linear {dev} 0'
    chmod 600 /tmp/ls-swap.img; dmfd swap /tmp/ls-swap.img --name swapped --force`);
});

afterAll(async () => {
  await sh(`swapoff -a; umount /tmp/ls-mnt; kill $(cat /tmp/ls-pid /tmp/ls-going-pid)
    dmsetup remove --noudevsync upper; dmsetup remove --noudevsync theirs; dmsetup remove --noudevsync unfinished; dmsetup remove --noudevsync left
    rmdir /tmp/ls-mnt`);
  await expectNothingLeft();
});

interface Listed {
  readonly name: string;
  readonly [field: string]: unknown;
}

async function list(options: string): Promise<Listed[]> {
  const lines = await sh(`dmfd ls --json ${options}`);
  return lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const THEIRS = ['theirs', 'unfinished', 'upper'];
const OURS = ['mounted', 'a blank', 'going', 'lower', 'swapped', 'left'];

test("dmfd's are those with its UUIDs, and those that go with their last holder or have never been live; --all adds the others", async () => {
  const names = (listed: Listed[]) => listed.map(({ name }) => name).sort();
  expect(names(await list(''))).toEqual([...OURS].sort());
  expect(names(await list('--all'))).toEqual([...OURS, ...THEIRS].sort());
});

test('what it tells is what dmsetup and blockdev tell', async () => {
  const listed = await list('-a');
  const info = await sh('dmsetup info -c --noheadings --separator "|" -o name,major,minor,open,uuid');
  expect(
    listed.map(({ name, major, minor, openCount, uuid }) => `${name}|${major}|${minor}|${openCount}|${uuid}`),
  ).toEqual(
    info
      .trimEnd()
      .split('\n')
      .sort((a, b) => Number(a.split('|')[2]) - Number(b.split('|')[2])),
  );
  const deferred = await sh(
    `for name in $(dmsetup info -c --noheadings -o name | grep -v blank) 'a blank'; do
      dmsetup info "$name" | grep -q 'DEFERRED REMOVE' && echo "$name"; done; true`,
  );
  expect(
    listed
      .filter(({ deferredRemove }) => deferredRemove === true)
      .map(({ name }) => `${name}\n`)
      .sort(),
  ).toEqual(deferred.split(/(?<=\n)/).sort());
  const tables = await sh('dmsetup status --target zero; dmsetup status --target linear');
  for (const [, name = '', target] of tables.matchAll(/^(.*): \d+ \d+ (zero|linear)/gm)) {
    expect(listed.find((device) => device.name === name)?.targets).toContain(target);
  }
  const devices = await sh(
    'for node in /dev/dm-*; do echo $(basename $node) $(blockdev --getsize64 --getro $node); done',
  );
  // Before Linux 5.15 a device without a table has a disk, too.
  const withDisk = listed.filter(({ minor }) => devices.includes(`dm-${minor} `));
  expect(withDisk.length).toBeGreaterThanOrEqual(listed.length - 2);
  expect(
    withDisk.map(({ minor, size, readonly }) => `dm-${minor} ${size} ${readonly ? 1 : 0}`).sort(),
  ).toEqual(devices.trimEnd().split('\n').sort());
});

test('each kind of holder is told', async () => {
  const listed = await list('-a');
  const holders = Object.fromEntries(listed.map(({ name, holders }) => [name, holders]));
  const [pid, going] = (await sh('cat /tmp/ls-pid /tmp/ls-going-pid')).trim().split('\n').map(Number);
  const upper = listed.find(({ name }) => name === 'upper');
  expect(holders).toEqual({
    mounted: [{ kind: 'mount', path: '/tmp/ls-mnt' }],
    'a blank': [{ kind: 'process', pid, name: 'sleep' }],
    going: [{ kind: 'process', pid: going, name: 'sleep' }],
    lower: [{ kind: 'device', path: upper?.path }],
    swapped: [{ kind: 'swap', path: listed.find(({ name }) => name === 'swapped')?.path }],
    theirs: [],
    unfinished: [],
    left: [],
    upper: [],
  });
  expect(Object.fromEntries(listed.map(({ name, state }) => [name, state]))).toEqual({
    ...Object.fromEntries(OURS.map((name) => [name, 'held'])),
    theirs: 'kept',
    upper: 'kept',
    unfinished: 'leaked',
    left: 'leaked',
  });
});

test.runIf(kernelKnows('when a node was made'))('how old a device is, is known', async () => {
  const [before = '', told = '', after = ''] = (
    await sh(
      `date +%s; dmfd create --table '0 8 zero' -- sh -c 'echo $(dmfd ls --json | grep "\\"dmfd-"); date +%s'`,
    )
  ).split('\n');
  const { created } = JSON.parse(told);
  const seconds = Date.parse(created) / 1000;
  // The kernel's clock for files is some milliseconds slow.
  expect(seconds).toBeGreaterThan(Number(before) - 1);
  expect(seconds).toBeLessThan(Number(after) + 1);
});

test('for people: headings on a terminal are bold, unless NO_COLOR; lines fit 80 characters', async () => {
  // Wider than most: what does not fit is cut off.
  const onTerminal = (environment: string) =>
    sh(`${environment} script -qec 'stty cols 100; dmfd ls -a' /dev/null </dev/null`);
  const plain = await sh('dmfd ls -a');
  expect(plain.split('\n')[0]).toMatch(/^NAME +NODE +SIZE TARGETS +MODE STATE +OPEN AGE HELD BY$/);
  expect(plain).toMatch(
    /^mounted +\/dev\/dm-\d+ +15\.9M linear,zero rw {3}held +1 +\S* mount \/tmp\/ls-mnt$/m,
  );
  expect(plain).toMatch(/^a blank +\/dev\/dm-\d+ +1M zero +ro {3}held +1 +\S* process \d+ \(sleep\)$/m);
  // With numbers of processes as they are on most machines.
  const usual = plain.replace(/process \d+/g, 'process 1234');
  for (const line of usual.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  if (!whole) return;
  const coloured = await onTerminal('TERM=xterm');
  expect(coloured).toContain('\x1b[1mNAME\x1b[0m');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const stripped = coloured.replace(/\x1b\[\d+m/g, '').replaceAll('\r', '');
  // A second may have passed.
  const ageless = (text: string) => text.replace(/ +\d+[sm]\b/g, '').replace(/ +/g, ' ');
  expect(ageless(stripped)).toBe(ageless(plain));
  expect(await onTerminal('TERM=xterm NO_COLOR=1')).not.toContain('\x1b');
});

/** What else they offer, unit tests ask them. */
test.runIf(everything)('the completions of bash, fish and zsh offer the devices that are there', async () => {
  const folder = '/tmp/ls-completions';
  const output = await sh(`node ${checkout}/packaging/completions.mjs ${folder}; export HOME=${folder}
    cat /sys/block/dm-*/dm/name; echo -
    bash --norc -c 'source ${folder}/bash/dmfd; COMP_WORDS=(dmfd rm ""); COMP_CWORD=2; _dmfd
      for offer in "\${COMPREPLY[@]}"; do eval "echo $offer"; done'; echo -
    fish --no-config -c 'source ${folder}/fish/dmfd.fish; complete -C "dmfd reap "'; echo -
    zsh -f -c '_describe() {}; compadd() { print -rl -- "\${@:2}"; }; CURRENT=2; source ${folder}/zsh/_dmfd; _dmfd_devices'`);
  const [there = '', ...offered] = output.split('-\n').map((part) => part.trimEnd().split('\n').sort());
  expect(there).toEqual(expect.arrayContaining(['mounted', 'a\\x20blank', 'theirs']));
  expect(offered).toEqual([there, there, there]);
});
