import { DmfdError } from '../errors.js';
import type { CheckedSwap } from './request.js';

const SECTOR = 512n;
/** Fewer the kernel, or mkswap, does not take: the header alone is one. */
const MIN_PAGES = 10n;
/** The header counts pages in 32 bits. */
const MAX_PAGES = 2n ** 32n - 1n;

/** The part of the backing that becomes swap. */
export interface SwapArea {
  /** Sectors of 512 bytes. */
  readonly start: bigint;
  readonly sectors: bigint;
  /** Of memory, the one with the header included. */
  readonly pages: bigint;
  readonly pageSize: number;
}

/**
 * Whole pages of the backing, from the offset on.
 *
 * @param backing its size, and that of its smallest block, in bytes
 * @throws DmfdError `usage` when they do not suffice, or sectors and pages do not fit each other
 */
export function swapArea(
  request: Pick<CheckedSwap, 'backing' | 'offset' | 'size' | 'sectorSize'>,
  { bytes, blockSize }: { readonly bytes: bigint; readonly blockSize: number },
  pageSize: number,
): SwapArea {
  const page = BigInt(pageSize);
  const what = `backing ${JSON.stringify(request.backing)}`;
  checkUnits(request, page);
  checkBlocks(request, blockSize, pageSize);
  const whole = bytes / SECTOR;
  if (request.offset >= whole && request.offset > 0n) {
    throw unusable(`offset of ${request.offset} sectors: ${what} has only ${whole}`);
  }
  const rest = whole - request.offset;
  if (request.size !== undefined && request.size > rest) {
    throw unusable(`size of ${request.size} sectors: ${what} has only ${rest} from the offset on`);
  }
  const room = ((request.size ?? rest) * SECTOR) / page;
  if (room < MIN_PAGES) {
    const given = (request.size ?? rest) * SECTOR;
    throw unusable(
      `${what}: ${given} bytes are too few for swap, which needs ${MIN_PAGES} pages, ${MIN_PAGES * page} bytes`,
    );
  }
  const pages = room > MAX_PAGES ? MAX_PAGES : room;
  return { start: request.offset, sectors: (pages * page) / SECTOR, pages, pageSize };
}

/**
 * What of these stretches of the backing is in the area.
 *
 * @param stretches where they begin on the backing, and their lengths, in bytes
 * @returns where they begin in the area, and how many bytes of them are there
 */
export function partsIn(
  { start, sectors }: Pick<SwapArea, 'start' | 'sectors'>,
  stretches: readonly { readonly at: bigint; readonly length: number }[],
): { readonly from: bigint; readonly bytes: number }[] {
  const end = sectors * SECTOR;
  return stretches.flatMap(({ at, length }) => {
    const begins = at - start * SECTOR;
    const ends = begins + BigInt(length);
    const from = begins < 0n ? 0n : begins;
    const to = ends > end ? end : ends;
    return from < to ? [{ from, bytes: Number(to - from) }] : [];
  });
}

function checkUnits(
  { offset, size, sectorSize }: Pick<CheckedSwap, 'offset' | 'size' | 'sectorSize'>,
  page: bigint,
) {
  if (BigInt(sectorSize) > page) {
    throw unusable(`sector size ${sectorSize}: a page of this machine's memory has only ${page} bytes`);
  }
  if ((offset * SECTOR) % BigInt(sectorSize) !== 0n) {
    throw unusable(`offset of ${offset} sectors: it is no multiple of the sector size, ${sectorSize} bytes`);
  }
  if (size !== undefined && (size <= 0n || (size * SECTOR) % page !== 0n)) {
    throw unusable(
      `size of ${size} sectors: ${size * SECTOR} bytes are no whole pages of this machine's memory, of ${page} bytes`,
    );
  }
}

/** Of blocks larger than a page no page could be written alone, and device-mapper begins only where a block does. */
function checkBlocks(
  { backing, offset }: Pick<CheckedSwap, 'backing' | 'offset'>,
  blockSize: number,
  pageSize: number,
): void {
  const blocks = `the blocks of backing ${JSON.stringify(backing)}`;
  if (blockSize > pageSize) {
    throw unusable(
      `${blocks}, of ${blockSize} bytes, are larger than a page of this machine's memory (${pageSize})`,
    );
  }
  if ((offset * SECTOR) % BigInt(blockSize) === 0n) return;
  throw unusable(
    `offset of ${offset} sectors: ${offset * SECTOR} bytes are no multiple of ${blockSize}, the bytes of a block of backing ${JSON.stringify(backing)}`,
  );
}

function unusable(message: string): DmfdError {
  return new DmfdError('area-unusable', message);
}
