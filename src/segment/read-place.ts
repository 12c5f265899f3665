import { readSync } from 'node:fs';
import { DmfdError } from '../errors.js';
import { notLive, type Place } from './ground.js';

/**
 * Bytes of a place, from where it begins.
 *
 * @throws DmfdError `usage` where it ends before that, or is a layer that is not live
 */
export function readPlace({ open, subject }: Place, at: bigint, size: number): Buffer {
  if (open === undefined) throw notLive(subject);
  const bytes = Buffer.alloc(size);
  for (let done = 0; done < size; ) {
    const count = readSync(open.fd, bytes, done, size - done, open.start + at + BigInt(done));
    if (count === 0)
      throw new DmfdError('area-unusable', `${subject}: it ends at byte ${at + BigInt(done)}`, {
        hint: 'it was cut short',
      });
    done += count;
  }
  return bytes;
}
