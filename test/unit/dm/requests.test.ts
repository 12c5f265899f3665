import { expect, test } from 'vitest';
import { encodeRequest } from '../../../src/dm/header.js';
import { encodeMessage } from '../../../src/dm/message.js';
import { FLAGS } from '../../../src/dm/protocol.js';
import { encodeTableLoad, parseTable } from '../../../src/dm/table.js';
import { UDEV_MODES, udevEvent } from '../../../src/dm/udev.js';
import { encodeLoopConfig, encodeLoopInfo } from '../../../src/loop/protocol.js';
import { runCFile } from '../support/compile.js';

const uuid = 'DMFD-1';
const several = parseTable([
  { label: 'T', text: '0 8 linear 7:0 0\n8 18014398509481975 snapshot-origin /dev/dm-5' },
]);
const odd = parseTable([{ label: 'T', text: '0 1 delay /dev/mapper/Gerät  "quoted" {} \\ 5' }]);
const longName = '/0123456789012345678901234567890123456789012345678901234567890123456789.img';

const OURS: Readonly<Record<string, Buffer>> = {
  'load several': encodeTableLoad({ uuid }, several),
  'load odd': encodeTableLoad({ uuid }, odd),
  status: encodeRequest({ uuid }),
  ...Object.fromEntries(
    ([...UDEV_MODES, 'name-only'] as const).map((rules) => [
      `remove deferred, ${rules}`,
      encodeRequest({ uuid, flags: FLAGS.DEFERRED_REMOVE, eventNr: udevEvent(rules) }),
    ]),
  ),
  list: encodeRequest({}, 64),
  message: encodeMessage({ major: 254, minor: 300 }, { sector: 2n ** 40n, text: 'create_thin 0' }),
  loop: encodeLoopConfig(21, encodeLoopInfo('/disk.img', { readOnly: false })),
  'loop read-only': encodeLoopConfig(21, encodeLoopInfo(longName, { readOnly: true })),
};

const theirs = new Map(
  runCFile(new URL('./requests.c', import.meta.url)).map((line) => {
    const at = line.lastIndexOf(' ');
    return [line.slice(0, at), line.slice(at + 1)];
  }),
);

test('there is one of ours for each of theirs', () => {
  expect(Object.keys(OURS)).toEqual([...theirs.keys()]);
});

test.each(Object.entries(OURS))('%s is what C makes of it, byte for byte', (label, bytes) => {
  expect(bytes.toString('hex')).toBe(theirs.get(label));
});
