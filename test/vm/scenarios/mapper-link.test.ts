import { afterEach, expect, test } from 'vitest';
import { vmFile } from '../harness/checkout.js';
import { expectNothingLeft, sampleOf, sh, thorough, vm } from './support.js';

const NAMES = 'ls /dev/mapper';
const NO_NODES = 'DM_DISABLE_UDEV=1';
/** A dmfd that is killed while its command holds the device; the command ends when its standard input does. */
const KILLED = `
  mkfifo /tmp/go; dmfd create linked --zero 8 --mapper-link -- sh -c 'echo $PPID >/tmp/parent; read -r line' </tmp/go & dmfd=$!
  exec 9>/tmp/go; until [ -s /tmp/parent ]; do sleep 0.05; done
  kill -KILL "$(cat /tmp/parent)"; wait $dmfd; rm /tmp/go /tmp/parent`;

afterEach(async () => {
  await expectNothingLeft();
  expect(await sh(`${NAMES}; rm -f /tmp/go /tmp/parent`)).toBe('control\n');
});

test('the link leads to the device while the command runs, whoever holds that, and goes when it ends', async () => {
  const output = await sh(`
    dmfd create 'with a blank' --zero 8 --mapper-link --fd 3 -- sh -c '
      exec 3>&-; sleep 0.5; cd /dev/mapper; ls; readlink -f "with\\x20a\\x20blank"; echo {path}; dmsetup info -c --noheadings -o open "with a blank"'
    ${NAMES}; cat /sys/block/dm-*/dm/name 2>/dev/null; echo end`);
  const [control, link, leads, path, open, ...after] = output.trim().split('\n');
  expect([control, link]).toEqual(['control', 'with\\x20a\\x20blank']);
  expect(leads).toMatch(/^\/dev\/dm-\d+$/);
  expect(path).toBe(leads);
  expect(open).toBe('1');
  expect(after).toEqual(['control', 'end']);
});

thorough('it goes when a hold ends, and with it when a mount goes on', async () => {
  const output = await sh(`
    truncate -s 8M /tmp/linked.img; mkfs.ext4 -q /tmp/linked.img; mkdir -p /tmp/linked
    dmfd create linked --linear /tmp/linked.img --mapper-link --hold-readonly -- mount /dev/mapper/linked /tmp/linked
    ${NAMES}; df --output=target /tmp/linked | tail -1; umount /tmp/linked
    sleep 1 | dmfd create linked --zero 8 --mapper-link --json; ${NAMES}`);
  const [after, mounted, json = '', ...last] = output.trim().split('\n');
  expect([after, mounted]).toEqual(['control', '/tmp/linked']);
  expect(JSON.parse(json)).toMatchObject({ name: 'linked', mapperLink: '/dev/mapper/linked' });
  expect(last).toEqual(['control']);
});

test('the link of a device is no stale one of another device, whose name is written as that one is shown', async () => {
  const output = await sh(`
    dmfd create 'a b' --zero 8 --mapper-link -- sh -c '
      dmfd create "a\\x5cx20b" --zero 8 --mapper-link -- sh -c "dmfd reap; ls /dev/mapper"; readlink "/dev/mapper/a\\x20b"'`);
  expect(output).toBe('a\\x20b\na\\x5cx20b\ncontrol\n.././dm-0\n');
});

test('what others have called so is left alone, and no device is made', async () => {
  const cases = [
    'ln -s ../null /dev/mapper/linked',
    'ln -s ../dm-9 /dev/mapper/linked',
    'echo x >/dev/mapper/linked',
  ];
  for (const make of sampleOf(cases, 2)) {
    const { code, stderr } = await vm.sh(`
      ${make}; ls -l /dev/mapper/linked >/tmp/before
      dmfd create linked --zero 8 --mapper-link -- echo started; status=$?
      ls -l /dev/mapper/linked | cmp - /tmp/before || status=7; rm /dev/mapper/linked; exit $status`);
    expect(code).toBe(125);
    expect(stderr).toMatch(/^dmfd: device linked: there is something called \/dev\/mapper\/linked already\n/);
  }
});

thorough('of a device that has the name, the name is told', async () => {
  const { code, stderr } = await vm.sh(`
    ${NO_NODES} dmsetup create linked --table '0 8 zero'; dmfd create linked --zero 8 --mapper-link -- true; status=$?
    ${NO_NODES} dmsetup remove linked; exit $status`);
  expect(code).toBe(125);
  expect(stderr).toMatch(/^dmfd: device linked: .*name/);
});

thorough(
  'a link of a killed dmfd is right while the device lives, and reap takes it away after that',
  async () => {
    const output = await sh(`${KILLED}
    dmfd reap; readlink /dev/mapper/linked; exec 9>&-
    n=0; while [ -e /sys/block/dm-0 ] && [ $n -lt 100 ]; do n=$((n+1)); sleep 0.05; done
    dmfd reap --dry-run; dmfd reap; ${NAMES}`);
    expect(output).toBe(
      '.././dm-0\n' +
        '/dev/mapper/linked -> .././dm-0: stale link, would be removed\n' +
        '/dev/mapper/linked -> .././dm-0: stale link, removed\n' +
        'control\n',
    );
  },
);

thorough(
  'a stale link whose number another device has is no link of that one: reap takes it, and so does the next of its name',
  async () => {
    const output = await sh(`
    for by in reap create; do ${KILLED}
      exec 9>&-; n=0; while [ -e /sys/block/dm-0 ] && [ $n -lt 100 ]; do n=$((n+1)); sleep 0.05; done
      ${NO_NODES} dmsetup create other --table '0 16 zero'; readlink -e /dev/mapper/linked; ls -1 /dev/mapper
      if [ $by = reap ]; then dmfd reap; else
        dmfd create linked --zero 8 --mapper-link -- sh -c 'readlink -e /dev/mapper/linked'
      fi
      ls /dev/mapper; ${NO_NODES} dmsetup remove other
    done`);
    const before = '/dev/dm-0\ncontrol\nlinked\nother\n';
    expect(output).toBe(
      `${before}/dev/mapper/linked -> .././dm-0: stale link, removed\ncontrol\nother\n${before}/dev/dm-1\ncontrol\nother\n`,
    );
  },
);

test('links of others in /dev/mapper are none of reap’s business', async () => {
  const output = await sh(`
    cd /dev/mapper; ln -s ../dm-0 theirs; ln -s ../null null; ln -s .././dm-0 ours
    dmfd reap; ls; rm -f theirs null`);
  expect(output).toBe('/dev/mapper/ours -> .././dm-0: stale link, removed\ncontrol\nnull\ntheirs\n');
});

test('without a node in /dev there is nothing that a link could lead to, and the device goes', async () => {
  const { code, stdout, stderr } = await vm.sh(`
    unshare -m sh -c '
      mount --make-rprivate /; mkdir -p /tmp/dev; mount --bind /dev /tmp/dev; mount -t tmpfs tmpfs /dev; mkdir /dev/mapper
      for node in null zero urandom loop-control mapper/control; do touch /dev/$node; mount --bind /tmp/dev/$node /dev/$node; done
      dmfd create linked --zero 8 --mapper-link -- echo started; status=$?; ls /dev/mapper; exit $status'`);
  expect({ code, stdout }).toEqual({ code: 125, stdout: 'control\n' });
  expect(stderr).toMatch(/^dmfd: device linked: \/dev has no node for it that a link could lead to\n/);
});

thorough('a handle of the library has it until it is closed', async () => {
  expect(await sh(`node ${vmFile('scenarios/library/mapper-link.mjs')}`)).toBe('');
});
