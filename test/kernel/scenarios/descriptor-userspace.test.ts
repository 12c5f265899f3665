import { afterEach, describe, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { expectNothingLeft, sh } from '../../vm/scenarios/support.js';

const create = program('descriptor-create');
const uevents = program('descriptor-uevents');

afterEach(expectNothingLeft);

describe('what user space sees', () => {
  test('the disk is announced when it is created, under its name, and again when its table is live', async () => {
    const script = 'dmsetup load announced --table "0 64 zero"; dmsetup resume announced';
    const events = await sh(`${uevents} ${create} --fd --deferred announced sh -c '${script}' | grep " dm-"`);
    expect(events).toMatch(/^add dm-0 announced\nchange dm-0 announced\n(remove dm-0 \S+\n)+$/);
  });

  test('without the flag it is announced as before, with the first table', async () => {
    const script = `${create} plain >/dev/null; echo created; dmsetup load plain --table "0 64 zero"; echo loaded
      dmsetup resume plain; dmsetup remove plain`;
    const events = await sh(`${uevents} sh -c '${script}'`);
    expect(events).toMatch(/created\n[\s\S]*add dm-0 plain\n/);
    expect(events).not.toMatch(/add dm-0[\s\S]*created/);
  });

  test('dmsetup makes, changes and removes devices as ever', async () => {
    const said = await sh(`
      dmsetup create own --table "0 64 zero" && dmsetup table own
      dmsetup suspend own && dmsetup reload own --table "0 128 zero" && dmsetup resume own && dmsetup table own
      dmsetup rename own other && dmsetup ls --tree
      exec 4</dev/dm-0; dmsetup remove --deferred other && dmsetup info -c --noheadings -o name,open; exec 4<&-`);
    expect(said).toBe('0 64 zero \n0 128 zero \nother (253:0)\nother:1\n');
  });

  test('dmsetup create --notable makes a device that is no disk yet', async () => {
    const said = await sh(
      'dmsetup create --notable empty; ls /sys/block | grep -c dm- || :; dmsetup remove empty',
    );
    expect(said).toBe('0\n');
  });

  test('cryptsetup opens and closes a LUKS volume', async () => {
    const said = await sh(
      `truncate -s 32M /tmp/luks; printf secret >/tmp/key
       cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 /tmp/luks /tmp/key
       cryptsetup open /tmp/luks opened --key-file /tmp/key && dmsetup ls --target crypt && cryptsetup close opened`,
    );
    expect(said).toMatch(/^opened\t/);
  });

  test('a descriptor of its own can be found through /proc, and lsof-like tools see the device number', async () => {
    const said =
      await sh(`${create} --fd --deferred found sh -c 'readlink /proc/self/fd/3; stat -Lc %t:%T /proc/self/fd/3
      sed -n "s/^flags:.*\\(.\\)$/\\1/p" /proc/self/fdinfo/3' | tail -n 3`);
    expect(said).toMatch(/dm-0|\(deleted\)/);
    expect(said).toMatch(/\n[0-9a-f]+:0\n2\n$/);
  });
});
