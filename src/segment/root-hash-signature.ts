import { closeSync, constants, fstatSync, readSync } from 'node:fs';
import { DmfdError } from '../errors.js';
import { openGivenFile } from '../kernel/given-file.js';

/** The kernel takes no larger key of type `user`. */
const MOST = 32_767;

/** @throws DmfdError `usage` for what can be no signature */
export function readSignature(path: string): Buffer {
  const subject = `signature ${JSON.stringify(path)}`;
  const fd = openGivenFile({
    subject,
    path,
    flags: constants.O_RDONLY | constants.O_NONBLOCK,
    use: 'read',
    kinds: ['a file'],
    code: 'backing-unusable',
  });
  try {
    const { size } = fstatSync(fd);
    if (size === 0 || size > MOST)
      throw new DmfdError('backing-unusable', `${subject}: ${size} bytes, and a signature has 1 to ${MOST}`, {
        hint: 'as "openssl smime -sign -noattr -binary -outform der" makes it of the root hash',
      });
    const bytes = Buffer.alloc(size);
    return bytes.subarray(0, readSync(fd, bytes));
  } finally {
    closeSync(fd);
  }
}
