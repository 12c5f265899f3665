import { closeSync, constants, fstatSync, ftruncateSync, openSync, unlinkSync } from 'node:fs';
import { constants as os } from 'node:os';
import { describeErrno, errnoError, errnoOf } from '../kernel/errno.js';
import type { Kernel } from '../kernel/kernel.js';
import { randomHex } from '../kernel/random.js';
import { shim } from '../kernel/shim.js';
import { attachOpenFile, type LoopBacking, type LoopDevice } from './attach.js';
import { attachFile, refuseInUse, takenTwice } from './file.js';
import { overlap, type Stretch, stretchOf } from './stretch.js';

/** A loop device to be: over an open file, or over a sparse file without a name, of so many bytes, that goes with it. */
export type LoopPlan = LoopBacking | { readonly sparse: bigint };

/** A table holds its loop devices from its load on; held until then, their numbers cannot be taken by others. */
export function withLoops<T>(
  kernel: Kernel,
  plans: readonly LoopPlan[],
  shared: boolean,
  use: (loops: readonly LoopDevice[]) => T,
): T {
  const loops: LoopDevice[] = [];
  try {
    for (const plan of plans)
      loops.push('sparse' in plan ? attachSparse(kernel, plan.sparse) : attachFile(kernel, plan, shared));
    return use(loops);
  } finally {
    for (const { fd } of loops) shim.close(fd);
  }
}

/** A loop device of a request that is only looked at. */
export interface LoopAhead {
  readonly stretch: Stretch;
  readonly readOnly: boolean;
}

/**
 * Refuses what {@link withLoops} would, as far as that can be known, and attaches nothing.
 *
 * @param others of the same request, which will be there by then
 * @returns what comes to them
 * @throws DmfdError `taken`
 */
export function checkLoops(
  kernel: Kernel,
  plans: readonly LoopPlan[],
  shared: boolean,
  others: readonly LoopAhead[],
): LoopAhead[] {
  const found: LoopAhead[] = [];
  for (const plan of plans) {
    if (shared || 'sparse' in plan) continue;
    refuseInUse(kernel, plan);
    const stretch = stretchOf(fstatSync(plan.fd, { bigint: true }), plan);
    const other = [...others, ...found].find(
      (ahead) => overlap(ahead.stretch, stretch) && !(ahead.readOnly && plan.readOnly),
    );
    if (other !== undefined) throw takenTwice(plan, plan.readOnly || other.readOnly);
    found.push({ stretch, readOnly: plan.readOnly });
  }
  return found;
}

/** Node sets no greater size; few file systems have room for one. */
const MOST_BYTES = BigInt(Number.MAX_SAFE_INTEGER);

function attachSparse(kernel: Kernel, bytes: bigint): LoopDevice {
  const directory = process.env.TMPDIR || '/var/tmp';
  let fd: number | undefined;
  try {
    fd = openNameless(directory);
    ftruncateSync(fd, Number(bytes));
  } catch (cause) {
    if (fd !== undefined) closeSync(fd);
    const errno = errnoOf(cause) ?? (bytes > MOST_BYTES ? describeErrno(os.errno.EFBIG) : undefined);
    if (errno === undefined) throw cause;
    throw errnoError(`make a file in ${directory}`, errno, {
      code: 'backing-unusable',
      said: `a sparse file of ${bytes} bytes in ${directory}: ${errno.name}, ${errno.words}`,
      hint: 'the variable TMPDIR names another directory',
      cause,
    });
  }
  try {
    return attachOpenFile(kernel, { fd, file: `${directory} (a file without a name)`, readOnly: false });
  } finally {
    closeSync(fd);
  }
}

/** linux/fcntl.h: __O_TMPFILE and O_DIRECTORY. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** Some file systems cannot make one without a name; there it loses its name at once. */
function openNameless(directory: string): number {
  try {
    return openSync(directory, O_TMPFILE | constants.O_RDWR, 0o600);
  } catch (error) {
    if (!['EOPNOTSUPP', 'ENOTSUP', 'EISDIR', 'EINVAL'].includes(errnoOf(error)?.name ?? '')) throw error;
  }
  const path = `${directory}/.dmfd-${randomHex(8)}`;
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  unlinkSync(path);
  return fd;
}
