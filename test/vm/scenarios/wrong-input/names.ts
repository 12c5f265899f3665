import { FINE, type Row, UNUSED } from './row.js';

const named = (name: string) => `dmfd create ${name} ${FINE} ${UNUSED}`;

/** The device `theirs` with the UUID `THEIR-UUID` is somebody else's; it stands in the state before and after. */
export const NAMES: readonly Row[] = [
  { what: 'an empty name', line: named("''"), says: [/device name "": it is empty/] },
  {
    what: 'the name "control"',
    line: named('control'),
    says: [/device name "control": .* taken/, /hint: choose/],
  },
  { what: 'a name with a slash', line: named('a/b'), says: [/device name "a\/b": "\/" is not allowed/] },
  {
    what: 'a name with a line break',
    line: named("'a\nb'"),
    says: [/device name "a\\nb": control characters/],
  },
  { what: 'a name of 128 bytes', line: named('$(printf %0128d 0)'), says: [/: 128 bytes, and at most 127/] },
  {
    what: 'a name that is not UTF-8',
    line: named('"$(printf \'a\\377\')"'),
    says: [/argument 2, a\ufffd: it is not valid UTF-8/],
  },
  {
    what: 'a UUID of 129 bytes',
    line: named('--uuid $(printf %0129d 0)'),
    says: [/: 129 bytes, and at most 128/],
  },
  {
    what: 'a name that somebody else has',
    line: named('theirs'),
    says: [
      /device theirs: DM_DEV_CREATE: EBUSY, a device with that name or UUID exists/,
      /hint: choose another/,
    ],
  },
  {
    what: 'a UUID that somebody else has',
    line: named('--uuid THEIR-UUID'),
    says: [/device UUID "THEIR-UUID": a device with it exists/, /hint: choose another --uuid/],
  },
];
