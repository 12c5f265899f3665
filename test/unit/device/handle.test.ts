import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readdirSync, readlinkSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { Device } from '../../../src/device/handle.js';
import { scratchName } from '../../../src/kernel/random.js';
import { shim } from '../../../src/kernel/shim.js';
import { creation, device, facts, request } from '../support/device.js';
import { distribution } from '../support/distribution.js';
import { refusal } from '../support/refusal.js';
import { scratchFolder } from '../support/scratch.js';

const open = () => openSync('/dev/null', 'r');
const isOpen = (fd: number) => {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
};

/** A block device that this process may open: stands for one of device-mapper's. */
const someDisk = readdirSync('/sys/dev/block')
  .map((entry) => {
    const [major = 0, minor = 0] = entry.split(':').map(Number);
    return { major, minor };
  })
  .find(({ major, minor }) => {
    const fd = shim.openDevice(major, minor, 1, scratchName());
    if (fd >= 0) closeSync(fd);
    return fd >= 0;
  });

describe('a handle', () => {
  test('says what the kernel and the request said', () => {
    const loops = [
      { fd: 9, major: 7, minor: 3, diskseq: 5n, file: 'a' },
      { fd: 10, major: 7, minor: 4, diskseq: 6n, file: 'b' },
    ];
    const handle = Device.of(
      request({ readOnly: true }),
      creation({ fd: 21, fromKernel: true, keyGiven: 'keyring' }),
      loops,
      ['of the key'],
    );
    expect(handle).toMatchObject({
      fd: 21,
      name: 'mine',
      uuid: 'DMFD-1',
      major: 4095,
      minor: 1_048_575,
      diskseq: 42n,
      size: 4096n,
      readOnly: true,
      mode: 'atomic',
      key: 'keyring',
      warnings: ['of the key'],
    });
    expect(handle.loops).toEqual([
      { major: 7, minor: 3, diskseq: 5n, file: 'a' },
      { major: 7, minor: 4, diskseq: 6n, file: 'b' },
    ]);
  });

  test('closes its descriptor once: the number may be another one by then', () => {
    const fd = open();
    const handle = device({ fd });
    handle.close();
    expect(isOpen(fd)).toBe(false);
    expect(handle.fd).toBe(-1);
    const other = open();
    handle.close();
    expect(isOpen(other)).toBe(true);
    closeSync(other);
  });

  test('that gave its descriptor away does not close it', () => {
    const fd = open();
    const handle = device({ fd });
    expect(handle.release()).toBe(fd);
    handle.close();
    expect(handle.release()).toBe(-1);
    expect(isOpen(fd)).toBe(true);
    closeSync(fd);
  });

  test('is closed at the end of its block', () => {
    const fd = open();
    {
      using handle = device({ fd });
      expect(isOpen(handle.fd)).toBe(true);
    }
    expect(isOpen(fd)).toBe(false);
  });

  test('closes descriptor 0 like any other', () => {
    // In a process of its own, whose descriptor 0 nobody misses.
    const script = `import { Device } from ${JSON.stringify(distribution('device/handle.js'))};
      import { fstatSync } from 'node:fs';
      new Device({}, 0).close();
      fstatSync(0);`;
    const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/EBADF: bad file descriptor, fstat/);
  });

  test("has the descriptor's own path where /dev has no node of that number", () => {
    const handle = device({ fd: 21 });
    expect(handle.path).toBe('/proc/self/fd/21');
    expect(handle.pathFor(3)).toBe('/proc/self/fd/3');
  });

  test('has the node as its path for everybody where /dev had one', () => {
    const handle = new Device(facts({ minor: 7, path: '/dev/dm-7' }), 21);
    expect(handle.path).toBe('/dev/dm-7');
    expect(handle.pathFor(3)).toBe('/dev/dm-7');
  });

  test('has the path it was made with, whatever becomes of the descriptor', () => {
    const fd = open();
    const closed = device({ fd });
    closed.close();
    expect(closed.path).toBe(`/proc/self/fd/${fd}`);
    const released = device({ fd: 21 });
    released.release();
    expect(released.path).toBe('/proc/self/fd/21');
  });

  test('that released its descriptor has nothing to wait for at the end of its block', async () => {
    const fd = open();
    {
      await using handle = device({ fd });
      handle.release();
    }
    expect(isOpen(fd)).toBe(true);
    closeSync(fd);
  });

  describe('with a link in /dev/mapper', () => {
    let directory: string;
    let path: string;
    beforeEach(() => {
      directory = scratchFolder();
      path = join(directory, 'mine');
      symlinkSync('.././dm-7', path);
    });
    const linked = () => new Device(facts({ minor: 7, mapperLink: path }), open());

    test('takes it away when it is closed', () => {
      const handle = linked();
      handle.close();
      expect(readdirSync(directory)).toEqual([]);
      symlinkSync('.././dm-7', path);
      handle.close();
      expect(readdirSync(directory)).toEqual(['mine']);
    });

    test.each(['../dm-7', '.././dm-8'])('leaves one that says %s, for it is another one’s', (target) => {
      unlinkSync(path);
      symlinkSync(target, path);
      linked().close();
      expect(readlinkSync(path)).toBe(target);
    });

    test('takes it away when it gives its descriptor away', () => {
      closeSync(linked().release());
      expect(readdirSync(directory)).toEqual([]);
    });

    test('leaves it to the handle that it hands all over to', () => {
      const handle = linked();
      const { facts, fd } = handle.handOver();
      handle.close();
      expect(readdirSync(directory)).toEqual(['mine']);
      new Device(facts, fd).close();
      expect(readdirSync(directory)).toEqual([]);
      expect(isOpen(fd)).toBe(false);
    });

    test.skipIf(someDisk === undefined)('leaves it to the read-only handle that goes on', () => {
      const { major, minor } = someDisk ?? { major: 0, minor: 0 };
      unlinkSync(path);
      symlinkSync(`.././dm-${minor}`, path);
      const held = new Device(facts({ major, minor, mapperLink: path }), open()).heldReadOnly();
      expect(held.mapperLink).toBe(path);
      expect(readdirSync(directory)).toEqual(['mine']);
      held.close();
      expect(readdirSync(directory)).toEqual([]);
    });
  });

  test('of a device that cannot be opened once more stays what it is', () => {
    const fd = open();
    const handle = device({ fd });
    expect(refusal(() => handle.heldReadOnly())).toMatchObject({
      code: 'node-missing',
      operation: `open /proc/self/fd/${fd} read-only`,
      hint: expect.stringContaining('CAP_MKNOD'),
    });
    expect(handle.fd).toBe(fd);
    handle.close();
  });

  test('opens nothing once it has let go: the number may be another device’s', () => {
    const handle = device({ fd: open() });
    handle.close();
    for (const action of [() => handle.openReadOnly(), () => handle.heldReadOnly()])
      expect(refusal(action)).toMatchObject({ code: 'invalid-request' });
  });

  test.skipIf(someDisk === undefined)('can go on with a read-only descriptor', async () => {
    const { major, minor } = someDisk ?? { major: 0, minor: 0 };
    const fd = open();
    const path = `/proc/self/fd/${fd}`;
    const handle = new Device(facts({ name: 'theirs', major, minor, path, warnings: ['odd'] }), fd);
    const held = handle.heldReadOnly();
    expect(handle.fd).toBe(-1);
    expect(isOpen(fd)).toBe(false);
    expect(fstatSync(held.fd).isBlockDevice()).toBe(true);
    expect({ ...held }).toEqual({ ...handle, path: `/proc/self/fd/${held.fd}` });
    // What the other holds is not waited for.
    const since = performance.now();
    await handle[Symbol.asyncDispose]();
    expect(performance.now() - since).toBeLessThan(5000);
    held.close();
  });
});
