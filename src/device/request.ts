import { type Backing, checkBacking } from '../backing/request.js';
import { layerOfPath, layerWords } from '../dm/layers.js';
import { mangle } from '../dm/mangling.js';
import {
  type DeviceName,
  type DeviceUuid,
  parseDeviceName,
  parseDeviceUuid,
  UUID_PREFIX,
} from '../dm/names.js';
import { loopNumbers, parseTable, sectorsNumbers, type TableSource } from '../dm/table.js';
import { UDEV_MODES, type UdevMode, type UdevRules } from '../dm/udev.js';
import { DmfdError } from '../errors.js';
import { randomHex, randomUuid } from '../kernel/random.js';
import type { StepListener } from '../kernel/step.js';
import { checkKey, checkKeySource, type KeySource } from '../key/key.js';
import { checkProperties, isObject, oneOf, TYPES } from '../properties.js';
import { defaultKeyBits } from '../segment/crypt.js';
import { checkSegments, cipherOf, hasReadOnlyPart } from '../segment/request.js';
import type { Segment } from '../segment/segment.js';
import { MODES, type Mode } from './creation.js';
import { checkStack, inLayer, type LayerContent, layersNamed } from './stack.js';

/** The device to make: of a table, or of segments; and the layers below it, if there are any. */
export type DeviceRequest = TableRequest | SegmentRequest;

/** A device of a table as the kernel has it. */
export interface TableRequest extends TableLayer, DeviceOptions {}

/** A device whose table dmfd writes. */
export interface SegmentRequest extends SegmentLayer, DeviceOptions {}

/** A layer below another device. */
export type Layer = TableLayer | SegmentLayer;

/** A layer of a table as the kernel has it. */
export interface TableLayer extends LayerOptions {
  /**
   * Lines `start length target args…` in sectors of 512 bytes: one text, several, or texts with the label under
   * which messages name them. `{loop0}`, `{loop1}`, … stand for the MAJ:MIN of the loop devices of `loop`, `{sectors0}`, … for
   * their sizes in sectors. `{below}` stands for the MAJ:MIN of the layer below, `{layer0}`, `{layer1}`, … for that of any lower
   * one, by its number in {@link DeviceRequest.below}, and `{below:sectors}`, … for its size.
   */
  readonly table: string | readonly (string | TableSource)[];
  /** Files, or block devices, each to be attached to a loop device that detaches by itself. */
  readonly loop?: readonly (string | Backing)[];
  readonly segments?: never;
}

/** A layer whose table dmfd writes. */
export interface SegmentLayer extends LayerOptions {
  /** The parts of the device, which follow each other. Files are attached to loop devices that detach by themselves. */
  readonly segments: readonly Segment[];
  readonly table?: never;
  readonly loop?: never;
}

interface LayerOptions {
  /**
   * At most 127 bytes, where all but letters, digits and `#+-.:=@_` count four: the kernel gets them as `\xHH`, as from
   * dmsetup. Not `.`, `..` or `control`, and without `/`. Default: `dmfd-` and 8 hex digits; of a layer below the device's name,
   * `-` and its number.
   */
  readonly name?: string;
  /** At most 128 bytes, counted likewise. Default: `DMFD-` and a random UUID. */
  readonly uuid?: string;
  /** It, its loop devices and its descriptor are read-only; each layer below says so itself. */
  readonly readOnly?: boolean;
  /**
   * What `{key}` in the table, or the key of crypt segments, is. It is made or read in a process of its own, and never in this
   * one's memory: random bits, the raw bytes of a file, or everything that can be read from an open descriptor (which stays open).
   */
  readonly key?: KeySource;
  /** Messages to its targets, in this order, once it is live and before the next layer is made. */
  readonly messages?: readonly Message[];
}

interface DeviceOptions {
  /**
   * The layers below, the lowest first; each may stand on those before it. Only this device has a descriptor: each layer is held
   * by the one above, and goes with it.
   */
  readonly below?: readonly Layer[];
  /** Use files and block devices even if other loop devices have them; otherwise that is refused, unless both are read-only. */
  readonly sharedLoop?: boolean;
  /** `auto` (default); `atomic`: only if the kernel returns the descriptor itself; `fallback`: never ask it to. */
  readonly mode?: Mode;
  /**
   * The treatment of the device by udev, where it runs. `quiet` (default): no links, no probing; `full`: as a device of dmsetup's;
   * `none`: no udev flags are sent, and its rules decide. Layers below are as with `quiet`, or as with `none` if that is given.
   */
  readonly udev?: UdevMode;
  /**
   * Milliseconds, with `udev: 'full'`: the device is returned when udev has made its links, or after that time, with a warning.
   * Default: at once; the links come later.
   */
  readonly udevWait?: number;
  /** Makes /dev/mapper/NAME, without udev, for as long as the handle is open. A process that ends without closing it leaves it. */
  readonly mapperLink?: boolean;
  /** Gets each step: a request to the kernel about a device, with its answer. Opening and reading files is not told. */
  readonly onStep?: StepListener;
}

/** A message to a target of a device, as `dmsetup message` sends it. */
export interface Message {
  /** A sector (of 512 bytes) of the target that gets the message. Default: 0n. */
  readonly sector?: bigint;
  readonly text: string;
}

/** A validated layer, with defaults filled in: from here on only files, devices and the kernel can refuse it. */
export interface CheckedLayer {
  readonly name: DeviceName;
  readonly uuid: DeviceUuid;
  readonly content: LayerContent;
  readonly loop: readonly Backing[];
  readonly readOnly: boolean;
  readonly key: KeySource | undefined;
  readonly messages: readonly Required<Message>[];
}

/** A validated request: its top layer, and those below. */
export interface CheckedRequest
  extends CheckedLayer,
    Required<Pick<DeviceOptions, 'sharedLoop' | 'mode' | 'mapperLink'>> {
  readonly below: readonly CheckedLayer[];
  readonly udev: UdevRules;
  readonly udevWait: number | undefined;
}

const LAYER_PROPERTIES = {
  name: TYPES.string,
  uuid: TYPES.string,
  table: TYPES.table,
  loop: {
    words: 'an array of paths, or of objects with one',
    fits: (value: unknown) =>
      Array.isArray(value) && Array.from(value).every((one) => typeof one === 'string' || isObject(one)),
  },
  segments: TYPES.objects,
  readOnly: TYPES.boolean,
  key: TYPES.key,
  messages: TYPES.objects,
} satisfies Record<keyof Layer, unknown>;

/** All that a request may have, with their types. */
export const REQUEST_PROPERTIES = {
  ...LAYER_PROPERTIES,
  below: TYPES.objects,
  sharedLoop: TYPES.boolean,
  mode: oneOf(MODES),
  udev: oneOf(UDEV_MODES),
  udevWait: TYPES.number,
  mapperLink: TYPES.boolean,
  onStep: TYPES.function,
} satisfies Record<keyof DeviceRequest, unknown>;

/** @throws DmfdError `usage` that says what is wrong with it */
export function checkRequest(request: DeviceRequest): CheckedRequest {
  checkProperties(request, REQUEST_PROPERTIES, requiredOf(request));
  const { below: lower = [] } = request;
  const name = parseDeviceName(request.name ?? `dmfd-${randomHex(4)}`);
  const layers: CheckedLayer[] = [];
  const check = (layer: Layer, named: () => DeviceName) =>
    inLayer(layers.length, lower.length + 1, () => checkLayer(layer, named(), layers));
  for (const [index, layer] of lower.entries()) {
    checkProperties(layer, LAYER_PROPERTIES, requiredOf(layer), `below[${index}]`);
    // A name that was checked is no text to be read a second time: there may be \xHH in it that stands for itself.
    layers.push(check(layer, () => parseDeviceName(layer.name ?? mangle(`${name}-${index}`))));
  }
  const top = check(request, () => name);
  checkStack([...layers, top]);
  return {
    ...top,
    below: layers,
    sharedLoop: request.sharedLoop ?? false,
    mode: request.mode ?? 'auto',
    udev: request.udev ?? 'quiet',
    udevWait: checkUdevWait(request),
    mapperLink: checkMapperLink(request),
  };
}

function requiredOf(layer: Layer | undefined): readonly string[] {
  return layer?.segments === undefined ? ['table'] : [];
}

function checkLayer(layer: Layer, name: DeviceName, below: readonly CheckedLayer[]): CheckedLayer {
  const content = layer.segments === undefined ? checkTable(layer) : checkParts(layer, below);
  layersNamed(content.content, below.length);
  return {
    name,
    uuid: parseDeviceUuid(layer.uuid ?? `${UUID_PREFIX}${randomUuid()}`),
    messages: (layer.messages ?? []).map(checkMessage),
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

function checkMapperLink({ udev, mapperLink = false }: DeviceOptions): boolean {
  if (!mapperLink || udev !== 'full') return mapperLink;
  throw new DmfdError('invalid-request', "property mapperLink: with udev: 'full', udev makes that link", {
    hint: 'leave one of the two out',
  });
}

type CheckedContent = Pick<CheckedLayer, 'content' | 'loop' | 'key' | 'readOnly'>;

function checkTable({ table, loop = [], key, readOnly = false }: TableLayer): CheckedContent {
  const sources = labelled(table);
  const backings = loop.map((one, index) => checkLoopBacking(one, `loop[${index}]`));
  if (sources.some(({ text }) => saysSize(text))) {
    checkLoopWords(
      sources.map(({ text }) => text),
      backings,
    );
    // Whether the table wants it is seen when it can be parsed.
    if (key !== undefined) checkKeySource(key);
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

/** Such a text can be parsed only when the sizes are known. */
function saysSize(text: string): boolean {
  return sectorsNumbers(text).length > 0 || layerWords(text, 0).some(({ isSize }) => isSize);
}

function checkLoopBacking(value: string | Backing, where: string): Backing {
  const backing = checkBacking(value, where);
  const { path } = backing;
  if (layerOfPath(path, 0) === undefined) return backing;
  throw new DmfdError(
    'invalid-request',
    `property ${where} is ${JSON.stringify(path)}: a layer needs no loop device`,
    {
      hint: `write ${path} in the table; a file of that name is written with its directory: ./${path}`,
    },
  );
}

function checkParts(request: SegmentLayer, below: readonly CheckedLayer[]): CheckedContent {
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
  const isReadOnly = ({ path, readOnly }: Backing): boolean =>
    readOnly === true || below[layerOfPath(path, below.length)?.index ?? below.length]?.readOnly === true;
  return {
    content: { segments },
    loop: [],
    key,
    readOnly: request.readOnly === true || hasReadOnlyPart(segments, isReadOnly),
  };
}

function checkMessage(message: Message, index: number): Required<Message> {
  const where = `messages[${index}]`;
  checkProperties(message, { sector: TYPES.bigint, text: TYPES.string }, ['text'], where);
  const { sector = 0n, text } = message;
  if (sector < 0n)
    throw new DmfdError('invalid-request', `property ${where}.sector is ${sector}n: it must not be negative`);
  if (text.trim() === '' || text.includes('\0'))
    // Not told: there may be a key in it.
    throw new DmfdError('invalid-request', `property ${where}.text is empty, or has a NUL in it: no message`);
  return { sector, text };
}

function labelled(table: TableRequest['table']): TableSource[] {
  const parts = typeof table === 'string' ? [table] : table;
  return parts.map((part, index) => {
    if (typeof part !== 'string') return { ...part, text: withoutComments(part.text) };
    return { label: parts.length === 1 ? 'table' : `table ${index + 1}`, text: withoutComments(part) };
  });
}

/** With their lines empty, for lines are counted in messages. What stands there is no word of the table. */
function withoutComments(text: string): string {
  return text.includes('#') ? text.replace(/(?<=^|\n)[^\S\n]*#[^\n]*/g, '') : text;
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
