import { type DeviceNumber, decodeHugeDevice } from './device-number.js';
import { decodeReply, malformed, readBytes, readText } from './header.js';
import { showName } from './mangling.js';

export interface ListedDevice {
  readonly dev: DeviceNumber;
  readonly name: string;
}

export interface TargetVersion {
  readonly name: string;
  readonly version: readonly [number, number, number];
}

const DEVICE_NAME_AT = 12;
const VERSION_NAME_AT = 16;

/** The reply to DM_LIST_DEVICES. `next` counts from the start of the same entry; 0 ends the list. */
export function decodeDeviceList(reply: Buffer): ListedDevice[] {
  return entries(reply, DEVICE_NAME_AT).flatMap(({ at, end }) => {
    const encoded = reply.readBigUInt64LE(at);
    // A list without any device is one entry with number 0.
    if (encoded === 0n) return [];
    return [{ dev: decodeHugeDevice(encoded), name: showName(readBytes(reply, at + DEVICE_NAME_AT, end)) }];
  });
}

/** The reply to DM_LIST_VERSIONS: the target types that are loaded. `next` as in {@link decodeDeviceList}. */
export function decodeTargetVersions(reply: Buffer): TargetVersion[] {
  return entries(reply, VERSION_NAME_AT).map(({ at, end }) => ({
    name: readText(reply, at + VERSION_NAME_AT, end),
    version: [reply.readUInt32LE(at + 4), reply.readUInt32LE(at + 8), reply.readUInt32LE(at + 12)],
  }));
}

/** The reply to DM_TABLE_DEPS: `struct dm_target_deps`, a count and, at the next multiple of 8 bytes, as many numbers. */
export function decodeDependencies(reply: Buffer): DeviceNumber[] {
  const { dataStart, dataSize } = decodeReply(reply);
  // Of a device without a table the kernel says nothing at all.
  if (dataSize <= dataStart) return [];
  if (dataStart + 8 > dataSize) throw malformed(`a list of devices at byte ${dataStart} of ${dataSize}`);
  const count = reply.readUInt32LE(dataStart);
  if (dataStart + 8 + 8 * count > dataSize)
    throw malformed(`${count} devices in ${dataSize - dataStart} bytes`);
  return Array.from({ length: count }, (_, index) =>
    decodeHugeDevice(reply.readBigUInt64LE(dataStart + 8 + 8 * index)),
  );
}

/** Where the entries of a list start; each holds at least `fixed` bytes and lies within the reply. */
function entries(reply: Buffer, fixed: number): { at: number; end: number }[] {
  const { dataStart, dataSize } = decodeReply(reply);
  const found: { at: number; end: number }[] = [];
  if (dataSize <= dataStart) return found;
  // `next` is the first field of a version entry and follows the number of a device entry.
  const nextAt = fixed === DEVICE_NAME_AT ? 8 : 0;
  let at = dataStart;
  for (;;) {
    if (at + fixed > dataSize) throw malformed(`an entry at byte ${at} of ${dataSize}`);
    found.push({ at, end: dataSize });
    const next = reply.readUInt32LE(at + nextAt);
    if (next === 0) return found;
    if (next < fixed) throw malformed(`the entry at byte ${at} is ${next} bytes long`);
    at += next;
  }
}
