import { KEY_WORD } from '../dm/table.js';
import type { SwapArea } from './area.js';
import type { CheckedSwap } from './request.js';

/**
 * The line for dm-crypt as `cryptsetup open --type plain` would write it, with {@link KEY_WORD} for the key.
 *
 * @param device MAJ:MIN, or a word that stands for it
 */
export function cryptLine(
  request: Pick<CheckedSwap, 'cipher' | 'sectorSize' | 'discard' | 'noReadWorkqueue' | 'noWriteWorkqueue'>,
  area: Pick<SwapArea, 'start' | 'sectors'>,
  device: string,
): string {
  const options = [
    ...(request.discard === undefined ? [] : ['allow_discards']),
    ...(request.noReadWorkqueue ? ['no_read_workqueue'] : []),
    ...(request.noWriteWorkqueue ? ['no_write_workqueue'] : []),
    ...(request.sectorSize === 512 ? [] : [`sector_size:${request.sectorSize}`]),
  ];
  const words = [0, area.sectors, 'crypt', request.cipher, KEY_WORD, 0, device, area.start];
  return [...words, ...(options.length === 0 ? [] : [options.length, ...options])].join(' ');
}
