/**
 * udevd's record of a device, its file in /run/udev/data: libudev reads the same.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { type DeviceNumber, formatDeviceNumber } from '../dm/device-number.js';
import { readIfThere } from './pseudo-files.js';

export interface UdevEntry {
  /** Microseconds on the monotonic clock: when udevd had first worked through what its rules say of the device. 0: not yet. */
  readonly initialized: bigint;
  /** Paths in /dev. */
  readonly links: readonly string[];
  readonly properties: ReadonlyMap<string, string>;
}

/** Whether udevd is there, as libudev finds out. */
export function isUdevRunning(): boolean {
  return existsSync('/run/udev/control');
}

/** Of a block device; an empty entry where udevd has noted nothing. */
export function readUdevEntry(dev: DeviceNumber): UdevEntry {
  return parseUdevEntry(readIfThere(`/run/udev/data/b${formatDeviceNumber(dev)}`));
}

/** Each line is a letter, a colon, and a value; `E` is a property. */
export function parseUdevEntry(text: string): UdevEntry {
  const lines = text.split('\n').map((line) => [line.slice(0, 2), line.slice(2)] as const);
  const values = (kind: string) => lines.filter(([key]) => key === kind).map(([, value]) => value);
  const [initialized = ''] = values('I:');
  return {
    initialized: /^\d+$/.test(initialized) ? BigInt(initialized) : 0n,
    links: values('S:').map((link) => `/dev/${link}`),
    properties: new Map(values('E:').map(parseProperty)),
  };
}

function parseProperty(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
