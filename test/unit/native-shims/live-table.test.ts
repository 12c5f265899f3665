import { expect, test } from 'vitest';
import { FLAGS } from '../../../src/dm/protocol.js';
import { encodeTableLoad, parseTable } from '../../../src/dm/table.js';
import { runCFile } from '../support/compile.js';

interface Outcome {
  readonly label: string;
  readonly error: number;
  readonly device: string;
  readonly start: number;
  readonly inKeyring: boolean;
  readonly bytes: Buffer;
}

const outcomes: readonly Outcome[] = runCFile(new URL('./live-table.c', import.meta.url)).map((line) => {
  const [label = '', error, device = '', start, inKeyring, bytes = ''] = line.split('|');
  return {
    label,
    error: Number(error),
    device,
    start: Number(start),
    inKeyring: inKeyring === '1',
    bytes: Buffer.from(bytes, 'hex'),
  };
});

function outcome(label: string): Outcome {
  const found = outcomes.find((one) => one.label === label);
  if (found === undefined) throw new Error(`live-table.c prints no "${label}"`);
  return found;
}

/** The request that dmfd would make of that table, for device 254:5, of as many bytes: the kernel does not pad the last text. */
function request(lines: string, flags: number, bytes: number): Buffer {
  const table = parseTable([{ label: 'table', text: lines }]);
  const whole = encodeTableLoad({ dev: { major: 254, minor: 5 }, flags: flags | FLAGS.SECURE_DATA }, table);
  whole.writeUInt32LE(bytes, 12);
  return whole.subarray(0, bytes);
}

test.each([
  ['longer', `0 8 zero\n8 ${2n ** 40n} linear 7:1048575 1000`, FLAGS.READONLY],
  ['looked at', '0 8 zero\n8 100 linear 7:1048575 1000', FLAGS.READONLY],
  ['crypt', '0 128 crypt aes-xts-plain64 00112233 0 254:3 4096 1 allow_discards', 0],
  ['keyring', '0 128 crypt aes-xts-plain64 :64:logon:dmfd:x 0 254:3 4096 1 allow_discards', 0],
])('a reply becomes the request for the same table: %s', (label, lines, flags) => {
  const { error, bytes } = outcome(label);
  expect(error).toBe(0);
  expect(bytes.toString('hex')).toBe(request(lines, flags, bytes.length).toString('hex'));
});

test('where the last segment lies is told, and whether its key is in a keyring', () => {
  expect(outcome('longer')).toMatchObject({ device: '7:1048575', start: 1000, inKeyring: false });
  expect(outcome('crypt')).toMatchObject({ device: '254:3', start: 4096, inKeyring: false });
  expect(outcome('keyring')).toMatchObject({ device: '254:3', start: 4096, inKeyring: true });
});

test.each([
  ['nothing', -61],
  ['striped', -95],
  ['no number', -74],
  ['no start', -74],
  ['no device', -74],
  ['a number too large', -74],
  ['backwards', -74],
])('refused: %s', (label, error) => {
  expect(outcome(label).error).toBe(error);
});

test('a reply cut short anywhere is refused', () => {
  const cuts = outcomes.filter(({ label }) => label === 'cut');
  expect(cuts.length).toBeGreaterThan(100);
  expect(new Set(cuts.map(({ error }) => error))).toEqual(new Set([-74]));
});
