import { type Holder, holderWords } from '../device/holders.js';
import type { DeviceState, DeviceSummary } from '../device/list.js';
import { formatDeviceNumber } from '../dm/device-number.js';
import type { Cell, Column } from './text-table.js';
import { usageError } from './usage-error.js';
import { shortAge, shortSize } from './words/amounts.js';

/** The subject of a line. */
export interface ListedDevice {
  readonly device: DeviceSummary;
  readonly holders: readonly Holder[];
}

/** A column of `dmfd ls`. */
export interface DeviceColumn extends Column {
  readonly cell: (listed: ListedDevice, now: Date) => Cell;
  /** It says who holds the device, which takes a look at all processes. */
  readonly isOfHolders?: true;
}

const YELLOW = '33';
const RED = '31';

const STATES: Readonly<Record<DeviceState, { readonly words: string; readonly colour?: string }>> = {
  held: { words: 'held' },
  'being-made': { words: 'making', colour: YELLOW },
  leaked: { words: 'leaked', colour: RED },
  kept: { words: 'kept', colour: YELLOW },
};

const COLUMNS = {
  name: text('NAME', ({ device }) => device.name),
  node: text('NODE', ({ device }) => device.path),
  dev: text('DEV', ({ device }) => formatDeviceNumber(device)),
  size: { ...text('SIZE', ({ device }) => shortSize(device.size)), right: true },
  targets: text('TARGETS', ({ device }) => device.targets.join(',')),
  mode: text('MODE', ({ device }) => (device.readOnly ? 'ro' : 'rw')),
  removal: text('REMOVAL', ({ device }) => (device.deferredRemove ? 'deferred' : '-')),
  state: {
    heading: 'STATE',
    cell: ({ device }) => ({ lines: [STATES[device.state].words], colour: STATES[device.state].colour }),
  },
  open: { ...text('OPEN', ({ device }) => String(device.openCount)), right: true },
  age: {
    heading: 'AGE',
    right: true,
    cell: ({ device }, now) => ({
      lines: [device.created === undefined ? '' : shortAge(device.created, now)],
    }),
  },
  'held-by': {
    heading: 'HELD BY',
    cell: ({ holders }) => ({ lines: holders.map(holderWords) }),
    isOfHolders: true,
  },
  uuid: text('UUID', ({ device }) => device.uuid),
  diskseq: { ...text('DISKSEQ', ({ device }) => String(device.diskseq)), right: true },
} as const satisfies Readonly<Record<string, DeviceColumn>>;

export type ColumnName = keyof typeof COLUMNS;

export const COLUMN_NAMES = Object.keys(COLUMNS) as readonly ColumnName[];

/** Those that fit 80 characters. */
const USUAL = 'name,node,size,targets,mode,state,open,age,held-by';

/** For an option whose value is a list of columns. @throws DmfdError `usage` that names the wrong one */
export function parseColumns(option: string, value = USUAL): DeviceColumn[] {
  return value.split(',').map((word) => {
    const name = COLUMN_NAMES.find((candidate) => candidate === word.toLowerCase());
    if (name !== undefined) return COLUMNS[name];
    throw usageError(
      `${option} ${value}: there is no column ${JSON.stringify(word)}`,
      `the columns are ${COLUMN_NAMES.join(',')}`,
    );
  });
}

function text(heading: string, words: (listed: ListedDevice) => string): DeviceColumn {
  return { heading, cell: (listed) => ({ lines: [words(listed)] }) };
}
