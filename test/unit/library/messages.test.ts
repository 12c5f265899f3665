import { expect, test } from 'vitest';
import { DmfdError } from '../../../src/errors.js';
import { fromPortable, toPortable } from '../../../src/library/messages.js';

/** As it comes out of another thread. */
const arrived = (error: unknown): unknown => fromPortable(structuredClone(toPortable(error)));

test('an error of dmfd is the same on the other side', () => {
  const error = new DmfdError('target-unknown', 'device x: DM_TABLE_LOAD: EINVAL, invalid argument', {
    operation: 'DM_TABLE_LOAD',
    errno: 'EINVAL',
    device: 'x',
    kernelLog: ['device-mapper: table: unknown target type'],
    hint: 'what to do',
  });
  const other = arrived(error);
  expect(other).toBeInstanceOf(DmfdError);
  expect({ ...(other as DmfdError), message: (other as DmfdError).message }).toEqual({
    ...error,
    message: error.message,
  });
  expect((other as DmfdError).kind).toBe('kernel');
});

test('another error arrives as it is', () => {
  expect(arrived(new RangeError('out of it'))).toMatchObject({ name: 'RangeError', message: 'out of it' });
});
