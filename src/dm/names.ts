import { DmfdError, type ErrorCode } from '../errors.js';
import { NAME_FIELD, UUID_FIELD } from './protocol.js';

declare const deviceName: unique symbol;
declare const deviceUuid: unique symbol;

/** A name that the kernel takes. */
export type DeviceName = string & { readonly [deviceName]: true };
/** A device-mapper UUID: any text that identifies the device, by habit with its maker's prefix. */
export type DeviceUuid = string & { readonly [deviceUuid]: true };

/** The prefix by which dmfd's own devices are known. */
export const UUID_PREFIX = 'DMFD-';

/** Whether dmfd chose the UUID itself: nobody else makes such a one. */
export function isOwnUuid(uuid: string): boolean {
  return OWN_UUID.test(uuid);
}

const OWN_UUID = new RegExp(
  `^${UUID_PREFIX}[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
);

/** @throws DmfdError `usage` for what the kernel refuses and for control characters */
export function parseDeviceName(text: string): DeviceName {
  const subject = `device name ${JSON.stringify(text)}`;
  check('invalid-name', subject, text, NAME_FIELD - 1);
  if (text === '.' || text === '..' || text === 'control') {
    throw new DmfdError('invalid-name', `${subject}: that name is taken in /dev/mapper`, {
      hint: 'choose another name',
    });
  }
  return text as DeviceName;
}

/** @throws DmfdError `usage` for what would not fit, for `/` and for control characters */
export function parseDeviceUuid(text: string): DeviceUuid {
  check('invalid-uuid', `device UUID ${JSON.stringify(text)}`, text, UUID_FIELD - 1);
  return text as DeviceUuid;
}

function check(code: ErrorCode, subject: string, text: string, limit: number): void {
  const trouble = whatIsWrong(text, limit);
  if (trouble !== undefined) throw new DmfdError(code, `${subject}: ${trouble}`);
}

function whatIsWrong(text: string, limit: number): string | undefined {
  const bytes = Buffer.byteLength(text);
  if (bytes === 0) return 'it is empty';
  if (bytes > limit) return `${bytes} bytes, and at most ${limit} are allowed`;
  if (text.includes('/')) return '"/" is not allowed in it';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  if (/[\x00-\x1f\x7f]/.test(text)) return 'control characters are not allowed in it';
  return undefined;
}
