import { describe, expect, test } from 'vitest';
import { Kernel } from '../../../src/kernel/kernel.js';
import { KernelLog, recordMessage, selectLines } from '../../../src/kernel/kernel-log.js';

test.each([
  ['3,1234,5678,-;a message\n', 'a message'],
  ['3,1234,5678,-,caller=T1;a message\n SUBSYSTEM=block\n DEVICE=b254:0\n', 'a message'],
  ['3,1,1,-;with; a semicolon: 1,2\n', 'with; a semicolon: 1,2'],
  ['3,1,1,-;no newline', 'no newline'],
  ['3,1,1,-;\n', ''],
])('the message of the record %j is %j', (record, message) => {
  expect(recordMessage(record)).toBe(message);
});

describe('of the lines that came', () => {
  const lookup = 'device-mapper: table: 254:1: linear: Device lookup failed (-ENODEV)';
  const other = 'device-mapper: table: 254:11: linear: Device lookup failed (-ENODEV)';
  const ioctl = 'device-mapper: ioctl: error adding target to table';
  const noise = 'loop1: detected capacity change from 0 to 2048';
  const quoted = 'audit: device-mapper: table: 254:1: no line of its own';
  const all = [noise, other, lookup, ioctl, quoted];

  test.each<[device: string | undefined, selected: string[]]>([
    ['254:1', [lookup, ioctl]],
    ['254:11', [other, ioctl]],
    ['254:2', [ioctl]],
    [undefined, [other, lookup, ioctl]],
  ])("device-mapper's are kept for %s, in order, but not those of other devices", (device, selected) => {
    expect(selectLines(all, device)).toEqual(selected);
  });
});

test('a log that says nothing gives no lines, and one that is closed cannot be read', () => {
  const log = KernelLog.listen(new Kernel());
  // Undefined where this user may not read the log.
  const lines = log.deviceMapperLines('4095:1048575') ?? [];
  expect(lines.filter((line) => line.includes('4095:'))).toEqual([]);
  log.close();
  expect(log.deviceMapperLines()).toBeUndefined();
  log.close();
});
