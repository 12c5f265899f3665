import { type Bytes, bytesOf } from './bytes.js';
import type { Description, LayerDescription } from './describe.js';

/** Everything in the environment besides the device itself. */
export interface Surroundings {
  /** The caller's descriptors that the command gets, too: those of outer wrappers are among them. */
  readonly passed: readonly number[];
  /** A second descriptor of the device, read-only. */
  readonly readOnlyFd?: number;
  /** Variables that pass from process to process on purpose only: they are left out… */
  readonly dropped: readonly Bytes[];
  /** …and these put in. */
  readonly added: readonly Bytes[];
}

/** The caller's environment with the device's variables in place of older ones of the same names. */
export function commandEnvironment(
  caller: readonly Bytes[],
  device: Description,
  { passed, readOnlyFd, dropped, added }: Surroundings,
): Bytes[] {
  const ours = Object.entries({
    DMFD_FD: device.fd,
    ...(readOnlyFd === undefined ? {} : { DMFD_RO_FD: readOnlyFd }),
    DMFD_PATH: device.path,
    DMFD_NAME: device.name,
    DMFD_UUID: device.uuid,
    DMFD_DEV: device.dev,
    DMFD_DISKSEQ: device.diskseq,
    DMFD_SIZE: device.size,
    DMFD_MODE: device.mode,
    ...loopVariables('DMFD', device),
    ...Object.assign({}, ...device.below.map(layerVariables)),
  }).map(([name, value]) => bytesOf(`${name}=${value}`));
  const all = `DMFD_FDS=${[...outerDevices(caller, passed), deviceEntry(device)].join(',')}`;
  const replaced = new Set([...ours, all, 'DMFD_RO_FD='].map(variableName).concat(dropped));
  const isStale = (name: Bytes) =>
    replaced.has(name) || /^DMFD_(LAYER\d+_)?LOOP\d+$|^DMFD_LAYER\d+_[A-Z]+$/.test(name);
  return [...caller.filter((entry) => !isStale(variableName(entry))), ...ours, all, ...added];
}

type Variables = Readonly<Record<string, string>>;

function layerVariables(layer: LayerDescription, index: number): Variables {
  const prefix = `DMFD_LAYER${index}`;
  return {
    [`${prefix}_PATH`]: layer.path,
    [`${prefix}_NAME`]: layer.name,
    [`${prefix}_UUID`]: layer.uuid,
    [`${prefix}_DEV`]: layer.dev,
    [`${prefix}_DISKSEQ`]: layer.diskseq,
    [`${prefix}_SIZE`]: layer.size,
    ...loopVariables(prefix, layer),
  };
}

function loopVariables(prefix: string, { loops }: LayerDescription): Variables {
  return Object.fromEntries(loops.map((path, index) => [`${prefix}_LOOP${index}`, path]));
}

/** The value of a variable; of one that stands there twice the first, as getenv(3) has it. */
export function variable(environment: readonly Bytes[], name: string): Bytes | undefined {
  return environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
}

function variableName(entry: Bytes): Bytes {
  return entry.slice(0, entry.indexOf('='));
}

/** The entries of outer wrappers whose descriptors the command really gets. */
function outerDevices(caller: readonly Bytes[], passed: readonly number[]): Bytes[] {
  const entries = (variable(caller, 'DMFD_FDS') ?? '').split(',');
  return entries.filter((entry) => passed.includes(Number(/^[^=]+=(\d+)$/.exec(entry)?.[1] ?? -1)));
}

/** `name=descriptor`; what would be taken for punctuation is written as %XX. */
function deviceEntry({ name, fd }: Description): Bytes {
  const plain = name.replace(/[%,=]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  return bytesOf(`${plain}=${fd}`);
}
