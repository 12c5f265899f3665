import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Device } from '../../../src/device/handle.js';
import { creation, device, request } from '../support/device.js';
import { distribution } from '../support/distribution.js';

const open = () => openSync('/dev/null', 'r');
const isOpen = (fd: number) => {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
};

describe('a handle', () => {
  test('says what the kernel and the request said', () => {
    const loops = [
      { fd: 9, major: 7, minor: 3, diskseq: 5n, file: 'a', warning: 'odd' },
      { fd: 10, major: 7, minor: 4, diskseq: 6n, file: 'b', warning: undefined },
    ];
    const handle = new Device(request({ readOnly: true }), creation({ fd: 21, fromKernel: true }), loops);
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
      warnings: ['odd'],
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
      new Device({}, { fd: 0, dev: {} }, []).close();
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
});
