import { DmfdError } from '../errors.js';

/** A device as `dmsetup table --concise` prints it, and the kernel's `dm-mod.create=` takes it. */
export interface ConciseDevice {
  readonly name: string;
  /** undefined where the field is empty. */
  readonly uuid: string | undefined;
  readonly readOnly: boolean;
  /** One line for each target. */
  readonly lines: readonly string[];
}

/**
 * Reads `NAME,UUID,MINOR,FLAGS,TABLE[,TABLE…]`, in which a backslash takes its meaning from a comma, a semicolon, another
 * backslash. The minor is not used: the kernel chooses one.
 *
 * @throws DmfdError `usage` that names the field
 */
export function parseConcise(text: string): ConciseDevice {
  const devices = splitPlain(text.trim(), ';').filter((device) => device.trim() !== '');
  const [device, another] = devices;
  if (device === undefined) throw wrong('it is empty');
  if (another !== undefined) {
    throw wrong(
      `it describes ${devices.length} devices`,
      'one call makes one device; a semicolon in a table is written \\;',
    );
  }
  const fields = splitPlain(device, ',').map((field) => plain(field.trim()));
  const [name = '', uuid = '', minor = '', flags = '', ...lines] = fields;
  if (fields.length < 5) throw wrong(`it has ${fields.length} of at least 5 fields`);
  if (name === '') throw wrong('the 1st field, the name, is empty');
  if (!/^\d*$/.test(minor))
    throw wrong(`the 3rd field, the minor, is ${JSON.stringify(minor)}, and not a number`);
  if (flags !== '' && flags !== 'ro' && flags !== 'rw') {
    throw wrong(`the 4th field, the flags, is ${JSON.stringify(flags)}, and neither ro nor rw`);
  }
  return { name, uuid: uuid === '' ? undefined : uuid, readOnly: flags === 'ro', lines };
}

/** At separators without a backslash in front. */
function splitPlain(text: string, separator: string): string[] {
  const parts = [''];
  for (const [piece] of text.matchAll(/\\.|[^\\]|\\$/gs)) {
    if (piece === separator) parts.push('');
    else parts.push(`${parts.pop()}${piece}`);
  }
  return parts;
}

function plain(field: string): string {
  return field.replace(/\\([,;\\])/g, '$1');
}

function wrong(what: string, hint = 'it reads NAME,UUID,MINOR,FLAGS,TABLE[,TABLE…]'): DmfdError {
  return new DmfdError('invalid-table', `concise table: ${what}`, { hint });
}
