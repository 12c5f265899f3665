import { type Backing, checkBacking } from '../backing/request.js';
import {
  type DeviceName,
  type DeviceUuid,
  parseDeviceName,
  parseDeviceUuid,
  UUID_PREFIX,
} from '../dm/names.js';
import { loopNumbers, parseTable, sectorsNumbers, type Table, type TableSource } from '../dm/table.js';
import { UDEV_MODES, type UdevMode, type UdevRules } from '../dm/udev.js';
import { DmfdError } from '../errors.js';
import { randomHex, randomUuid } from '../kernel/random.js';
import type { StepListener } from '../kernel/step.js';
import { checkKey, checkKeySource, type KeySource } from '../key/key.js';
import { checkProperties, isObject, oneOf, TYPES } from '../properties.js';
import { defaultKeyBits } from '../segment/crypt.js';
import { type CheckedSegment, checkSegments, cipherOf, hasReadOnlyPart } from '../segment/request.js';
import type { Segment } from '../segment/segment.js';
import { MODES, type Mode } from './creation.js';

/** What device to make: of a table, or of segments. */
export type DeviceRequest = TableRequest | SegmentRequest;

/** A device of a table as the kernel has it. */
export interface TableRequest extends DeviceOptions {
  /**
   * Lines `start length target args…` in sectors of 512 bytes: one text, several, or texts with the label under
   * which messages name them. `{loop0}`, `{loop1}`, … stand for the MAJ:MIN of the loop devices of `loop`, `{sectors0}`, … for
   * their sizes in sectors.
   */
  readonly table: string | readonly (string | TableSource)[];
  /** Files, or block devices, each to be attached to a loop device that detaches by itself. */
  readonly loop?: readonly (string | Backing)[];
  readonly segments?: never;
}

/** A device whose table dmfd writes. */
export interface SegmentRequest extends DeviceOptions {
  /** The parts of the device, which follow each other. Files are attached to loop devices that detach by themselves. */
  readonly segments: readonly Segment[];
  readonly table?: never;
  readonly loop?: never;
}

interface DeviceOptions {
  /**
   * At most 127 bytes, where all but letters, digits and `#+-.:=@_` count four: the kernel gets them as `\xHH`, as from
   * dmsetup. Not `.`, `..` or `control`, and without `/`. Default: `dmfd-` and 8 hex digits.
   */
  readonly name?: string;
  /** At most 128 bytes, counted likewise. Default: `DMFD-` and a random UUID. */
  readonly uuid?: string;
  /** Attach files to loop devices even if other loop devices have them; otherwise that is refused, unless both are read-only. */
  readonly sharedLoop?: boolean;
  /** Device, descriptor and loop devices are read-only. */
  readonly readOnly?: boolean;
  /**
   * What `{key}` in the table, or the key of crypt segments, is. It is made or read in a process of its own, and never in this
   * one's memory: random bits, the raw bytes of a file, or all that an open descriptor has to read (which stays open).
   */
  readonly key?: KeySource;
  /** `auto` (default); `atomic`: only if the kernel returns the descriptor itself; `fallback`: never ask it to. */
  readonly mode?: Mode;
  /**
   * What udev, where it runs, makes of the device. `quiet` (default): nothing, neither links nor a look into it; `full`: what it
   * makes of a device of dmsetup's; `none`: it is told nothing, and its rules decide.
   */
  readonly udev?: UdevMode;
  /**
   * Milliseconds, with `udev: 'full'`: the device is returned when udev has made its links, or after that time, with a warning.
   * Default: at once; the links come later.
   */
  readonly udevWait?: number;
  /** Makes /dev/mapper/NAME, without udev, for as long as the handle is open. A process that ends without closing it leaves it. */
  readonly mapperLink?: boolean;
  /** Is told each call to the kernel. */
  readonly onStep?: StepListener;
}

/** What the device consists of, as far as that can be known before a file is opened. */
export type Content =
  | { readonly table: Table }
  /** Lines that say `{sectorsN}`. */
  | { readonly sources: readonly TableSource[] }
  | { readonly segments: readonly CheckedSegment[] };

/** A validated request, with defaults filled in: from here on only files, devices and the kernel can refuse it. */
export interface CheckedRequest {
  readonly name: DeviceName;
  readonly uuid: DeviceUuid;
  readonly content: Content;
  readonly loop: readonly Backing[];
  readonly sharedLoop: boolean;
  readonly readOnly: boolean;
  readonly mode: Mode;
  readonly udev: UdevRules;
  readonly udevWait: number | undefined;
  readonly mapperLink: boolean;
  readonly key: KeySource | undefined;
}

const PROPERTIES = {
  name: TYPES.string,
  uuid: TYPES.string,
  table: TYPES.table,
  loop: {
    words: 'an array of paths, or of objects with one',
    fits: (value: unknown) =>
      Array.isArray(value) && Array.from(value).every((one) => typeof one === 'string' || isObject(one)),
  },
  segments: TYPES.objects,
  sharedLoop: TYPES.boolean,
  readOnly: TYPES.boolean,
  key: TYPES.key,
  mode: oneOf(MODES),
  udev: oneOf(UDEV_MODES),
  udevWait: TYPES.number,
  mapperLink: TYPES.boolean,
  onStep: TYPES.function,
} satisfies Record<keyof DeviceRequest, unknown>;

/** @throws DmfdError `usage` that says what is wrong with it */
export function checkRequest(request: DeviceRequest): CheckedRequest {
  checkProperties(request, PROPERTIES, request?.segments === undefined ? ['table'] : []);
  const content = request.segments === undefined ? checkTable(request) : checkParts(request);
  return {
    name: parseDeviceName(request.name ?? `dmfd-${randomHex(4)}`),
    uuid: parseDeviceUuid(request.uuid ?? `${UUID_PREFIX}${randomUuid()}`),
    sharedLoop: request.sharedLoop ?? false,
    mode: request.mode ?? 'auto',
    udev: request.udev ?? 'quiet',
    udevWait: checkUdevWait(request),
    mapperLink: checkMapperLink(request),
    ...content,
  };
}

const DAY = 86_400_000;

function checkUdevWait({ udev, udevWait }: DeviceOptions): number | undefined {
  if (udevWait === undefined) return undefined;
  if (udev !== 'full') {
    throw new DmfdError(
      'invalid-request',
      'property udevWait: udev makes no links that could be waited for',
      {
        hint: "it makes them with `udev: 'full'`",
      },
    );
  }
  if (udevWait >= 0 && udevWait <= DAY) return udevWait;
  throw new DmfdError('invalid-request', `property udevWait is ${udevWait}: it must be from 0 to ${DAY}`);
}

type CheckedContent = Pick<CheckedRequest, 'content' | 'loop' | 'key' | 'readOnly'>;

function checkMapperLink({ udev, mapperLink = false }: DeviceOptions): boolean {
  if (!mapperLink || udev !== 'full') return mapperLink;
  throw new DmfdError('invalid-request', "property mapperLink: with udev: 'full', udev makes that link", {
    hint: 'leave one of the two out',
  });
}

function checkTable({ table, loop = [], key, readOnly = false }: TableRequest): CheckedContent {
  const sources = labelled(table);
  const backings = loop.map((one, index) => checkBacking(one, `loop[${index}]`));
  if (sources.some(({ text }) => sectorsNumbers(text).length > 0)) {
    checkLoopWords(
      sources.map(({ text }) => text),
      backings,
    );
    return { content: { sources }, loop: backings, key, readOnly };
  }
  const parsed = parseTable(sources);
  checkLoopWords(
    parsed.map(({ params }) => params),
    backings,
  );
  checkKey(key, parsed);
  return { content: { table: parsed }, loop: backings, key, readOnly };
}

function checkParts(request: SegmentRequest): CheckedContent {
  for (const name of ['table', 'loop'] as const) {
    if (request[name] === undefined) continue;
    throw new DmfdError('invalid-request', `properties segments and ${name} exclude each other`, {
      hint: 'segments attach their files by themselves',
    });
  }
  const segments = checkSegments(request.segments);
  const cipher = cipherOf(segments);
  if (cipher === undefined && request.key !== undefined) {
    throw new DmfdError('key-unused', 'a key was given, but no segment is encrypted', {
      hint: 'give it with a segment of target crypt',
    });
  }
  const key = cipher === undefined ? undefined : (request.key ?? { random: defaultKeyBits(cipher) });
  if (key !== undefined) checkKeySource(key);
  return {
    content: { segments },
    loop: [],
    key,
    readOnly: request.readOnly === true || hasReadOnlyPart(segments),
  };
}

function labelled(table: TableRequest['table']): TableSource[] {
  const parts = typeof table === 'string' ? [table] : table;
  return parts.map((part, index) => {
    if (typeof part !== 'string') return part;
    return { label: parts.length === 1 ? 'table' : `table ${index + 1}`, text: part };
  });
}

/** Every `{loopN}` has its file, every file its use. */
function checkLoopWords(texts: readonly string[], loop: readonly Backing[]): void {
  // Most lines of a large table have none.
  const withWords = texts.filter((text) => text.includes('{'));
  const loops = withWords.flatMap(loopNumbers);
  const used = new Set(loops);
  const wanted = [
    ...loops.map((index) => ({ index, word: `{loop${index}}` })),
    ...withWords.flatMap(sectorsNumbers).map((index) => ({ index, word: `{sectors${index}}` })),
  ];
  const missing = wanted.find(({ index }) => index >= loop.length);
  if (missing !== undefined) {
    const given =
      loop.length === 0 ? 'no loop file was given' : `only ${loop.length} loop file(s) were given`;
    throw new DmfdError('loop-missing', `the table says ${missing.word}, but ${given}`, {
      hint: 'give the file as `loop`',
    });
  }
  const unused = loop.findIndex((_, index) => !used.has(index));
  if (unused >= 0) {
    throw new DmfdError(
      'loop-unused',
      `loop file ${JSON.stringify(loop[unused]?.path)}: the table does not use it`,
      { hint: `write {loop${unused}} where the table needs its MAJ:MIN` },
    );
  }
}
