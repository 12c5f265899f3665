import { expect, test } from 'vitest';
import { toChoice, toDeviceRequest, toSwapRequest } from '../../../../src/serve/varlink/requests.js';
import { refusal } from '../../support/refusal.js';

test('a call becomes a request of the library', () => {
  const request = toDeviceRequest(
    {
      name: 'n',
      key: { fileDescriptor: 1 },
      messages: [{ sector: 8, text: 'hello' }],
      segments: [
        { target: 'linear', backing: { path: '/a', offset: 512, size: 1024, partition: '2' } },
        { target: 'striped', backings: [{ path: 'LABEL=x' }, { path: '{below}' }], chunk: 4096 },
        { target: 'zero', size: 512 },
        { target: 'snapshot', base: { path: '/b', partition: 'data' }, cowSize: 8192 },
        { target: 'snapshot', base: { path: '/b' }, cow: { path: '/c', readOnly: true } },
        {
          target: 'flakey',
          backing: { path: '/a' },
          up: 1,
          down: 2,
          features: ['error_reads'],
          corruptions: [{ byte: 1, direction: 'r', value: 0 }],
        },
        { target: 'crypt', backing: { path: '/a', sectorSize: 4096 }, sectorSize: 4096 },
      ],
      below: [
        { table: ['0 8 linear {loop0} 0'], loop: [{ path: '/d', directIo: true }], key: { file: '/key' } },
      ],
      udevWait: 5,
    },
    [7, 8],
  );
  expect(request).toEqual({
    name: 'n',
    key: { fd: 8 },
    messages: [{ sector: 8n, text: 'hello' }],
    segments: [
      { target: 'linear', backing: { path: '/a', offset: 512n, size: 1024n, partition: 2 } },
      { target: 'striped', backings: [{ path: 'LABEL=x' }, { path: '{below}' }], chunk: 4096n },
      { target: 'zero', size: 512n },
      { target: 'snapshot', base: { path: '/b', partition: 'data' }, cow: 8192n },
      { target: 'snapshot', base: { path: '/b' }, cow: { path: '/c', readOnly: true } },
      {
        target: 'flakey',
        backing: { path: '/a' },
        up: 1,
        down: 2,
        features: ['error_reads', { byte: 1, direction: 'r', value: 0 }],
      },
      { target: 'crypt', backing: { path: '/a', sectorSize: 4096 }, sectorSize: 4096 },
    ],
    below: [
      { table: ['0 8 linear {loop0} 0'], loop: [{ path: '/d', directIo: true }], key: { file: '/key' } },
    ],
    udevWait: 5,
  });
  expect(toSwapRequest({ backing: 'UUID=1', partition: '3', offset: 8, keySize: 256 })).toEqual({
    backing: 'UUID=1',
    partition: 3,
    offset: 8n,
    keySize: 256,
  });
  expect(toChoice({ device: '/dev/dm-0', size: 512 })).toEqual({ device: '/dev/dm-0', size: 512n });
  expect(toChoice({ diskseq: 5 })).toEqual({ diskseq: 5n });
});

test.each<[where: string, action: () => unknown]>([
  ['backing', () => toSwapRequest({ backing: 'swapfile' })],
  // A word for a layer is none here.
  ['backing', () => toSwapRequest({ backing: '{below}' })],
  ['device', () => toChoice({ device: 'dev/dm-0' })],
  ['loop[1].path', () => toDeviceRequest({ loop: [{ path: '/a' }, { path: 'b' }] }, [])],
  ['loop[0].path', () => toDeviceRequest({ loop: [{ path: '' }] }, [])],
  ['below[0].loop[0].path', () => toDeviceRequest({ below: [{ loop: [{ path: './b' }] }] }, [])],
  ['key.file', () => toDeviceRequest({ key: { file: 'key' } }, [])],
  ['segments[0].backing.path', () => toDeviceRequest({ segments: [{ backing: { path: 'a' } }] }, [])],
  [
    'segments[0].backings[1].path',
    () => toDeviceRequest({ segments: [{ backings: [{ path: '/' }, { path: 'a' }] }] }, []),
  ],
  ['segments[0].cow.path', () => toDeviceRequest({ segments: [{ cow: { path: '{x}' } }] }, [])],
  ['segments[0].hash.path', () => toDeviceRequest({ segments: [{ hash: { path: '~/a' } }] }, [])],
])('a path that is not absolute is refused: %s', (where, action) => {
  const { code, message } = refusal(action);
  expect(code).toBe('invalid-request');
  expect(message).toContain(`property ${where} is "`);
  expect(message).toContain('absolute path');
});

test.each<[where: string, action: () => unknown]>([
  ['device', () => toChoice({ device: '/proc/self/fd/3' })],
  ['backing', () => toSwapRequest({ backing: '/dev/fd/3' })],
  ['table[1]', () => toDeviceRequest({ table: ['0 8 zero', '8 8 linear /proc/thread-self/fd/3 0'] }, [])],
  ['below[0].key.file', () => toDeviceRequest({ below: [{ key: { file: '/dev/stdin' } }] }, [])],
])('a descriptor by its path would be the service’s, and is refused: %s', (where, action) => {
  const { code, message } = refusal(action);
  expect(code).toBe('invalid-request');
  expect(message).toContain(`property ${where} is "`);
  expect(message).toContain('those of the service');
});

test.each([-1, 1, 2 ** 40])('a key that did not come with the call, descriptor %d', (fileDescriptor) => {
  const { code, message } = refusal(() => toDeviceRequest({ key: { fileDescriptor } }, [9]));
  expect(code).toBe('key-not-open');
  expect(message).toContain(`key.fileDescriptor is ${fileDescriptor}: 1 descriptor(s) came with the call`);
});

test('what is written over is one of two', () => {
  const segments = [{ target: 'snapshot', cow: { path: '/a' }, cowSize: 512 }];
  expect(refusal(() => toDeviceRequest({ segments }, [])).code).toBe('invalid-request');
});
