import { DmfdError } from '../errors.js';
import { mangle } from './mangling.js';

/** A device as `dmsetup table --concise` prints it, and the kernel's `dm-mod.create=` takes it. */
export interface ConciseDevice {
  readonly name: string;
  /** undefined where the field is empty. */
  readonly uuid: string | undefined;
  /** undefined where the field is empty. */
  readonly minor: number | undefined;
  readonly readOnly: boolean;
  /** One line for each target. */
  readonly lines: readonly string[];
}

/**
 * Reads `NAME,UUID,MINOR,FLAGS,TABLE[,TABLE…][;NAME,…]`, in which a backslash takes its meaning from a comma, a semicolon,
 * another backslash. The minor says by which number other tables name the device; the kernel chooses one of its own.
 *
 * @returns the devices, at least one
 * @throws DmfdError `usage` that names the field
 */
export function parseConcise(text: string): ConciseDevice[] {
  const devices = splitPlain(text.trim(), ';').filter((device) => device.trim() !== '');
  if (devices.length === 0) throw wrong('concise table', 'it is empty');
  return devices.map((device, index) =>
    parseDevice(device, devices.length === 1 ? 'concise table' : `concise table, device ${index + 1}`),
  );
}

function parseDevice(device: string, where: string): ConciseDevice {
  const fields = splitPlain(device, ',').map((field) => plain(field.trim()));
  const [name = '', uuid = '', minor = '', flags = '', ...lines] = fields;
  if (fields.length < 5) throw wrong(where, `it has ${fields.length} of at least 5 fields`);
  if (name === '') throw wrong(where, 'the 1st field, the name, is empty');
  if (!/^\d{0,7}$/.test(minor))
    throw wrong(where, `the 3rd field, the minor, is ${JSON.stringify(minor)}, and not a number`);
  if (flags !== '' && flags !== 'ro' && flags !== 'rw') {
    throw wrong(where, `the 4th field, the flags, is ${JSON.stringify(flags)}, and neither ro nor rw`);
  }
  return {
    name,
    uuid: uuid === '' ? undefined : uuid,
    minor: minor === '' ? undefined : Number(minor),
    readOnly: flags === 'ro',
    lines,
  };
}

/**
 * Writes `{layerN}` where a table names a device before its own: as /dev/mapper/NAME, or by its minor, as /dev/dm-MINOR or
 * MAJ:MINOR.
 *
 * @param major the number of device-mapper's devices; undefined where there is none yet
 */
export function linkConcise(devices: readonly ConciseDevice[], major: number | undefined): ConciseDevice[] {
  const layers = new Map<string, string>();
  return devices.map((device, index) => {
    const lines = device.lines.map((line) => line.replace(/\S+/g, (word) => layers.get(word) ?? word));
    const { name, minor } = device;
    const byMinor =
      minor === undefined ? [] : [`/dev/dm-${minor}`, ...(major === undefined ? [] : [`${major}:${minor}`])];
    for (const word of [`/dev/mapper/${name}`, `/dev/mapper/${mangle(name)}`, ...byMinor])
      layers.set(word, `{layer${index}}`);
    return { ...device, lines };
  });
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

function wrong(where: string, what: string): DmfdError {
  return new DmfdError('invalid-table', `${where}: ${what}`, {
    hint: 'a device reads NAME,UUID,MINOR,FLAGS,TABLE[,TABLE…]; devices are parted by ;, and in a table it is written \\;',
  });
}
