import { expect, test } from 'vitest';
import { encodeCreation } from '../../../src/dm/creation.js';
import { decodeReply } from '../../../src/dm/header.js';
import { parseDeviceName, parseDeviceUuid } from '../../../src/dm/names.js';
import { FLAGS } from '../../../src/dm/protocol.js';
import { parseTable } from '../../../src/dm/table.js';
import { UDEV_EVENT } from '../../../src/dm/udev.js';

const table = parseTable([{ label: 'T', text: '0 8 zero\n8 8 error' }]);
const encode = (readOnly: boolean) =>
  encodeCreation(parseDeviceName('mine'), parseDeviceUuid('DMFD-1'), table, readOnly);

test('only the creation names the device by its name; all else goes by the UUID', () => {
  const { create, ...others } = encode(false);
  expect(decodeReply(create)).toMatchObject({ name: 'mine', uuid: 'DMFD-1', flags: 0, eventNr: 0 });
  for (const request of Object.values(others))
    expect(decodeReply(request)).toMatchObject({ name: '', uuid: 'DMFD-1' });
});

test('the removal is deferred, the resume a resume, and both tell udev', () => {
  const { remove, resume, status, load } = encode(false);
  expect(decodeReply(remove)).toMatchObject({ flags: FLAGS.DEFERRED_REMOVE, eventNr: UDEV_EVENT });
  expect(decodeReply(resume)).toMatchObject({ flags: 0, eventNr: UDEV_EVENT });
  expect(decodeReply(status)).toMatchObject({ flags: 0, eventNr: 0, targetCount: 0 });
  expect(decodeReply(load)).toMatchObject({ flags: 0, targetCount: 2 });
});

test('read-only is said when creating and when loading', () => {
  const { create, load, remove, resume } = encode(true);
  expect(decodeReply(create).flags).toBe(FLAGS.READONLY);
  expect(decodeReply(load).flags).toBe(FLAGS.READONLY);
  expect(decodeReply(remove).flags).toBe(FLAGS.DEFERRED_REMOVE);
  expect(decodeReply(resume).flags).toBe(0);
});

test('nobody has to wait for a semaphore of udev', () => {
  expect(UDEV_EVENT & 0xffff).toBe(0);
  // Of libdevmapper.h: primary source, no subsystem rules, no disk rules, no other rules.
  expect(UDEV_EVENT >>> 16).toBe(0x40 | 0x02 | 0x04 | 0x08);
});
