import type { Command as CommandLine } from 'commander';
import type { Backing } from '../backing/request.js';
import type { Message } from '../device/request.js';
import type { Segment } from '../segment/segment.js';
import type { KeyOptions } from './key-options.js';
import type { PresetOptions } from './preset-options.js';
import { usageError } from './usage-error.js';

/** The options that say what a layer is. */
export interface LayerOptions extends KeyOptions, PresetOptions {
  readonly table?: string[];
  readonly tableFile?: string[];
  readonly loop?: Backing[];
  readonly message?: Message[];
}

/** All of them, which the compiler sees to. */
const NAMES = Object.keys({
  table: true,
  tableFile: true,
  loop: true,
  message: true,
  keyRandom: true,
  keyFile: true,
  keyFd: true,
  chunk: true,
  cipher: true,
  sectorSize: true,
} satisfies Record<keyof LayerOptions, true>) as readonly (keyof LayerOptions)[];

/** A layer as options describe it. */
export interface LayerWords {
  readonly options: LayerOptions;
  readonly segments: readonly Segment[];
}

/**
 * Declares `--then`, which parts the options of one layer from those of the next.
 *
 * @param takeSegments tells the segments that were named since it was last called
 * @returns what tells all layers, the lowest first, when all options are parsed
 */
export function addThen(
  command: CommandLine,
  takeSegments: (options: PresetOptions) => Segment[],
): () => LayerWords[] {
  const below: LayerWords[] = [];
  const take = (): LayerWords => {
    const options: LayerOptions = command.opts();
    const own = Object.fromEntries(NAMES.map((name) => [name, options[name]]));
    for (const name of NAMES) command.setOptionValue(name, undefined);
    return { options: own, segments: takeSegments(own) };
  };
  command
    .option(
      '--then',
      'start the next layer, which stands on the one before: {below} as a PATH or in its table, {layer0} the lowest',
    )
    .on('option:then', () => {
      checkForms(command);
      const layer = take();
      if (isEmpty(layer))
        throw usageError(
          '--then: no layer stands before it',
          'say what it is first, as in --linear disk.img --then --delay {below},read=10',
        );
      below.push(layer);
    });
  return () => {
    const lower = below.splice(0);
    const top = take();
    if (lower.length > 0) checkForms(command);
    if (lower.length > 0 && isEmpty(top))
      throw usageError(
        '--then: no layer stands after it',
        'say what it is, as in --linear disk.img --then --delay {below},read=10',
      );
    return [...lower, top];
  };
}

function checkForms(command: CommandLine): void {
  if (command.getOptionValue('concise') === undefined) return;
  throw usageError(
    '--concise and --then exclude each other: --concise says all layers itself',
    "devices are parted by ;, as in 'lower,,,rw,0 8 zero;upper,,,rw,0 8 linear /dev/mapper/lower 0'",
  );
}

function isEmpty({ options, segments }: LayerWords): boolean {
  return segments.length === 0 && options.table === undefined && options.tableFile === undefined;
}

/** `SECTOR TEXT`, as dmsetup(8) has it. */
export function parseMessage(word: string): Message {
  const [, sector, text] = /^\s*(\d{1,18})\s+(\S.*)$/s.exec(word) ?? [];
  if (sector !== undefined && text !== undefined && !text.includes('\0'))
    return { sector: BigInt(sector), text };
  throw usageError(
    '--message: it must be a sector and a text',
    "as in --message '0 create_thin 0': the target at sector 0 is told create_thin 0",
  );
}
