import { describe, expect, test } from 'vitest';
import { DmfdError, type ErrorCode, type ErrorKind } from '../../src/errors.js';

/** As programs that use the library have it: a code that goes to another kind, or goes away, breaks them. */
const KINDS: Readonly<Record<ErrorCode, ErrorKind>> = {
  'invalid-request': 'usage',
  'invalid-name': 'usage',
  'invalid-uuid': 'usage',
  'invalid-table': 'usage',
  'loop-missing': 'usage',
  'loop-unused': 'usage',
  'layer-missing': 'usage',
  'layer-unused': 'usage',
  'not-known-yet': 'usage',
  'loop-file-unusable': 'usage',
  'loop-file-not-writable': 'usage',
  'key-missing': 'usage',
  'key-unused': 'usage',
  'key-not-open': 'usage',
  'key-unusable': 'usage',
  'key-too-long': 'usage',
  'invalid-swap-uuid': 'usage',
  'backing-unusable': 'usage',
  'area-not-zero': 'taken',
  'area-unusable': 'usage',
  'command-line': 'usage',
  'xen-disk-invalid': 'usage',
  'not-permitted': 'privilege',
  'driver-missing': 'unsupported',
  'machine-unsupported': 'unsupported',
  'deferred-remove-unsupported': 'unsupported',
  'descriptor-unsupported': 'unsupported',
  'swap-unsupported': 'unsupported',
  'program-missing': 'unsupported',
  'name-taken': 'taken',
  'uuid-taken': 'taken',
  'link-taken': 'taken',
  'device-stolen': 'taken',
  'loop-devices-taken': 'taken',
  'loop-file-in-use': 'taken',
  'backing-in-use': 'taken',
  'backing-has-content': 'taken',
  'backing-insecure': 'usage',
  'backing-copied-on-write': 'usage',
  'backing-served': 'usage',
  'discard-makes-holes': 'usage',
  'backing-replaced': 'taken',
  'receiver-not-trusted': 'taken',
  'already-served': 'taken',
  'still-held': 'taken',
  'device-missing': 'usage',
  'device-busy': 'taken',
  'not-resizable': 'usage',
  'not-leaked': 'taken',
  'xen-disk-withdrawn': 'taken',
  'kernel-refused': 'kernel',
  'xen-backend-failed': 'kernel',
  'left-behind': 'kernel',
  'target-unknown': 'kernel',
  'lookup-failed': 'kernel',
  'node-missing': 'system',
  'link-failed': 'system',
  'shim-unusable': 'system',
  'reply-malformed': 'system',
  'creation-killed': 'system',
  'key-process-failed': 'system',
  'resource-limit': 'system',
  'output-failed': 'system',
  'xenstore-failed': 'system',
  'receiver-failed': 'system',
  'socket-unusable': 'system',
  'command-failed': 'system',
  'command-not-found': 'command-not-found',
  'command-not-executable': 'command-not-executable',
};

describe('an error', () => {
  test.each(Object.entries(KINDS))('%s is of kind %s', (code, kind) => {
    expect(new DmfdError(code as ErrorCode, 'what')).toMatchObject({ code, kind });
  });

  test('says what it was told, and nothing else', () => {
    const error = new DmfdError('kernel-refused', 'what');
    expect(error).toMatchObject({ name: 'DmfdError', message: 'what', kernelLog: [] });
    expect(error).toBeInstanceOf(Error);
    const { operation, errno, device, hint, cause } = error;
    expect({ operation, errno, device, hint, cause }).toEqual({
      operation: undefined,
      errno: undefined,
      device: undefined,
      hint: undefined,
      cause: undefined,
    });
    expect('cause' in error).toBe(false);
  });

  test('keeps all details', () => {
    const details = {
      operation: 'open it',
      errno: 'EBUSY',
      device: 'mine',
      kernelLog: ['one', 'two'],
      hint: 'do not',
      cause: new Error('why'),
    };
    expect(new DmfdError('name-taken', 'what', details)).toMatchObject(details);
  });
});
