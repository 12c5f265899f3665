import { DmfdError, type ErrorCode } from '../errors.js';
import { isMangled, mangle, unmangle } from './mangling.js';
import { NAME_FIELD, UUID_FIELD } from './protocol.js';

declare const deviceName: unique symbol;
declare const deviceUuid: unique symbol;

/** A name that the kernel takes, {@link mangle | mangled}. */
export type DeviceName = string & { readonly [deviceName]: true };
/** A device-mapper UUID: any text that identifies the device, by habit with its maker's prefix. */
export type DeviceUuid = string & { readonly [deviceUuid]: true };

/** The prefix by which dmfd's own devices are known. */
export const UUID_PREFIX = 'DMFD-';

/** Whether dmfd chose the UUID itself: no other program makes such UUIDs. */
export function isOwnUuid(uuid: string): boolean {
  return OWN_UUID.test(uuid);
}

const OWN_UUID = new RegExp(
  `^${UUID_PREFIX}[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
);

/** @throws DmfdError `usage` for what the kernel refuses and for control characters */
export function parseDeviceName(text: string): DeviceName {
  const subject = `device name ${JSON.stringify(text)}`;
  const name = check('invalid-name', subject, text, NAME_FIELD - 1);
  if (name === '.' || name === '..' || name === 'control') {
    throw new DmfdError('invalid-name', `${subject}: that name is taken in /dev/mapper`, {
      hint: 'choose another name',
    });
  }
  return name as DeviceName;
}

/** @throws DmfdError `usage` for what would not fit, for `/` and for control characters */
export function parseDeviceUuid(text: string): DeviceUuid {
  return check('invalid-uuid', `device UUID ${JSON.stringify(text)}`, text, UUID_FIELD - 1) as DeviceUuid;
}

/** Returns the text, or what it stands for if it is mangled already: by libdevmapper, or by systemd-escape(1), for which more is to be. */
function check(code: ErrorCode, subject: string, text: string, limit: number): string {
  const name = unmangle(text) ?? text;
  const trouble =
    name !== text && !isMangled(text)
      ? 'in a name with \\xHH, which stands for one byte, all but letters, digits and #+-.:=@_ must be written so'
      : whatIsWrong(name, limit);
  if (trouble !== undefined) throw new DmfdError(code, `${subject}: ${trouble}`);
  return name;
}

function whatIsWrong(name: string, limit: number): string | undefined {
  const mangled = mangle(name);
  if (name === '') return 'it is empty';
  if (name.includes('/')) return '"/" is not allowed in it';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  if (/[\x00-\x1f\x7f]/.test(name)) return 'control characters are not allowed in it';
  if (mangled.length <= limit) return undefined;
  const how = mangled === name ? '' : ' when all but letters, digits and #+-.:=@_ are written as \\xHH';
  return `${mangled.length} bytes${how}, and at most ${limit} are allowed`;
}
