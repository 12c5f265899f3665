import { isTag } from '../../backing/tag.js';
import { parsePartition } from '../../cli/words/backing-word.js';
import type { DeviceChoice } from '../../device/choice.js';
import type { DeviceRequest } from '../../device/request.js';
import { layerOfPath } from '../../dm/layers.js';
import { DmfdError } from '../../errors.js';
import { withBigints } from '../../library/bigints.js';
import type { SwapRequest } from '../../swap/request.js';
import { namesOwnFile } from '../own-files.js';

/** An object of JSON whose fields have been checked by the interface. */
type Fields = Readonly<Record<string, unknown>>;

/**
 * What the library calls a request, of the parameters of Create: what they are is left to the library to check.
 *
 * @param fds the descriptors that came with the call
 * @throws DmfdError `usage`
 */
export function toDeviceRequest(parameters: object, fds: readonly number[]): DeviceRequest {
  const { below, ...top } = withBigints(parameters) as { readonly below?: readonly Fields[] };
  const layers = below?.map((layer, index) => toLayer(layer, fds, `below[${index}].`));
  return {
    ...toLayer(top, fds, ''),
    ...(layers === undefined ? {} : { below: layers }),
  } as unknown as DeviceRequest;
}

type SwapParameters = Fields & { readonly backing: string; readonly partition?: string };

/** @throws DmfdError `usage` */
export function toSwapRequest(parameters: object): SwapRequest {
  const { backing, partition, ...rest } = withBigints(parameters) as SwapParameters;
  if (!isTag(backing)) checkAbsolute('backing', backing);
  return { ...rest, ...toPartition(partition), backing };
}

/** @throws DmfdError `usage` */
export function toChoice(parameters: object): DeviceChoice {
  const choice = withBigints(parameters) as DeviceChoice;
  if (choice.device?.includes('/')) checkAbsolute('device', choice.device);
  return choice;
}

function toLayer(layer: Fields, fds: readonly number[], where: string): Fields {
  const { loop, segments, key, ...rest } = layer as {
    readonly loop?: readonly Fields[];
    readonly segments?: readonly Fields[];
    readonly key?: Fields;
    readonly table?: readonly string[];
  };
  for (const [index, line] of rest.table?.entries() ?? []) refuseOwnFile(`${where}table[${index}]`, line);
  return {
    ...rest,
    ...given({
      loop: loop?.map((backing, index) => toBacking(backing, `${where}loop[${index}]`)),
      segments: segments?.map((segment, index) => toSegment(segment, `${where}segments[${index}]`)),
      key: key && toKey(key, fds, `${where}key`),
    }),
  };
}

/** Names of properties that a backing is the value of. */
const BACKINGS = ['backing', 'base', 'cow', 'hash', 'fec'];

function toSegment(segment: Fields, where: string): Fields {
  const { backings, features, corruptions, cowSize, ...rest } = segment as {
    readonly backings?: readonly Fields[];
    readonly features?: readonly unknown[];
    readonly corruptions?: readonly unknown[];
    readonly cowSize?: number;
    readonly cow?: Fields;
    readonly signature?: string;
  };
  if (cowSize !== undefined && rest.cow !== undefined) {
    throw new DmfdError('invalid-request', `properties ${where}.cow and cowSize exclude each other`);
  }
  if (typeof rest.signature === 'string') checkAbsolute(`${where}.signature`, rest.signature);
  const single = Object.entries(rest).map(([name, value]) => {
    return [name, BACKINGS.includes(name) ? toBacking(value as Fields, `${where}.${name}`) : value] as const;
  });
  return {
    ...Object.fromEntries(single),
    ...given({
      backings: backings?.map((backing, index) => toBacking(backing, `${where}.backings[${index}]`)),
      features: features || corruptions ? [...(features ?? []), ...(corruptions ?? [])] : undefined,
      cow: cowSize === undefined ? undefined : BigInt(cowSize),
    }),
  };
}

function toBacking(backing: Fields, where: string): Fields {
  const { path, partition, ...rest } = backing as Fields & { path: string; partition?: string };
  if (!isTag(path) && layerOfPath(path, 0) === undefined) checkAbsolute(`${where}.path`, path);
  return { ...rest, ...toPartition(partition), path };
}

function toPartition(word: string | undefined): { partition?: number | string } {
  return word === undefined ? {} : { partition: parsePartition(word) };
}

/** The service opens the file; descriptors of its own are none of the client's business. */
function toKey(key: Fields, fds: readonly number[], where: string): Fields {
  const { file, fileDescriptor: index, ...rest } = key as { file?: string; fileDescriptor?: number };
  if (file !== undefined) checkAbsolute(`${where}.file`, file);
  const fd = index === undefined ? undefined : fds[index];
  if (index !== undefined && fd === undefined) {
    throw new DmfdError(
      'key-not-open',
      `property ${where}.fileDescriptor is ${index}: ${fds.length} descriptor(s) came with the call, and count from 0`,
    );
  }
  return { ...rest, ...given({ file, fd }) };
}

/** Another one would lead from the service's own directory. */
function checkAbsolute(where: string, path: string): void {
  if (!path.startsWith('/')) throw wrong(where, path, 'it must be an absolute path');
  refuseOwnFile(where, path);
}

function refuseOwnFile(where: string, text: string): void {
  if (namesOwnFile(text)) throw wrong(where, text, 'the descriptors there are those of the service');
}

function wrong(where: string, text: string, what: string): DmfdError {
  return new DmfdError('invalid-request', `property ${where} is ${JSON.stringify(text)}: ${what}`);
}

function given(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
