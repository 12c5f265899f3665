import { cryptWords } from '../segment/crypt.js';
import type { SwapArea } from './area.js';
import type { CheckedSwap } from './request.js';

/**
 * The line for dm-crypt as `cryptsetup open --type plain` would write it, with `{key}` for the key.
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
  ];
  const words = cryptWords(request.cipher, request.sectorSize, device, area.start, options);
  return [0, area.sectors, 'crypt', ...words].join(' ');
}
