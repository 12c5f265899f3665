import type { SwapArea } from './area.js';

/** Where things stand in `union swap_header` (linux/swap.h); the first 1024 bytes are for boot loaders. */
const VERSION_AT = 1024;
const LAST_PAGE_AT = 1028;
const UUID_AT = 1036;
const LABEL_AT = 1052;
const VERSION = 1;
/** At the end of the page, whose size it thereby tells. */
const SIGNATURE = 'SWAPSPACE2';

/** The first page of a swap area, as `mkswap` writes it. */
export function swapHeader(area: Pick<SwapArea, 'pages' | 'pageSize'>, label: string, uuid: string): Buffer {
  const page = Buffer.alloc(area.pageSize);
  page.writeUInt32LE(VERSION, VERSION_AT);
  page.writeUInt32LE(Number(area.pages - 1n), LAST_PAGE_AT);
  Buffer.from(uuid.replaceAll('-', ''), 'hex').copy(page, UUID_AT);
  page.write(label, LABEL_AT, 'utf8');
  page.write(SIGNATURE, area.pageSize - SIGNATURE.length, 'ascii');
  return page;
}
