import { constants } from 'node:fs';
import { ROOT_HINT } from '../errors.js';
import { type Errno, isRefusal } from '../kernel/errno.js';
import type { GivenFile } from '../kernel/given-file.js';

/** How a backing is opened, a file or a device. */
export function backingFile(path: string): GivenFile {
  return {
    subject: `backing ${JSON.stringify(path)}`,
    path,
    flags: constants.O_RDWR | constants.O_NONBLOCK,
    use: 'write',
    kinds: ['a block device', 'a file'],
    code: 'backing-unusable',
    explain,
  };
}

function explain(errno: Errno): ReturnType<NonNullable<GivenFile['explain']>> {
  if (isRefusal(errno)) {
    const isRoot = process.getuid?.() === 0;
    const hint = isRoot ? 'it is read-only, or immutable (lsattr)' : ROOT_HINT;
    return errno.name === 'EACCES' && !isRoot ? { code: 'not-permitted', hint } : { hint };
  }
  switch (errno.name) {
    case 'ENOENT':
      return { hint: 'check the name, or make a file: truncate -s 1G FILE' };
    case 'EROFS':
      return { hint: 'swap is written to: it cannot be on what is read-only' };
    case 'ENXIO':
    case 'ENODEV':
      return { hint: 'no driver answers for that device' };
    default:
      return {};
  }
}
