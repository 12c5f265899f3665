import { closeSync, fstatSync, openSync, type Stats, statSync } from 'node:fs';
import { DmfdError, type ErrorCode } from '../errors.js';
import { type Errno, errnoError, errnoOf, SHORTAGES } from './errno.js';

/** A file that the user named, and what kind of file it has to be. */
export interface GivenFile {
  /** How messages name it: `loop file "disk.img"`. */
  readonly subject: string;
  readonly path: string;
  /** For open(2). */
  readonly flags: number;
  /** The purpose of opening it, in messages. */
  readonly use: 'read' | 'write';
  /** The kinds of file that will do, in the order in which messages name them; default: everything but a directory. */
  readonly kinds?: readonly ('a file' | 'a block device')[];
  readonly code: ErrorCode;
  /** A hint for an errno, and a more exact code. */
  readonly explain?: (errno: Errno, action: 'find' | 'read' | 'write') => Pick<Explanation, 'hint' | 'code'>;
}

interface Explanation {
  readonly code?: ErrorCode | undefined;
  readonly hint?: string | undefined;
}

/** Opens a file that the user named; the caller closes the descriptor. @throws DmfdError with the file's code */
export function openGivenFile(file: GivenFile): number {
  // Before opening: opening a FIFO would wait for its other end, and a tape would be rewound.
  checkKind(
    file,
    attempt(file, file.kinds === undefined ? file.use : 'find', () => statSync(file.path)),
  );
  const fd = attempt(file, file.use, () => openSync(file.path, file.flags));
  try {
    // It may have been replaced meanwhile.
    checkKind(file, fstatSync(fd));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function attempt<T>(file: GivenFile, action: 'find' | 'read' | 'write', use: () => T): T {
  try {
    return use();
  } catch (cause) {
    const errno = errnoOf(cause);
    throw errno === undefined ? cause : cannot(file, action, errno, cause);
  }
}

/** The error for a file that cannot be used, for the reason that an errno gives. */
export function cannot(
  { subject, path, code, explain }: GivenFile,
  action: 'find' | 'read' | 'write',
  errno: Errno,
  cause?: unknown,
): DmfdError {
  const explained = explain?.(errno, action);
  return errnoError(`open ${path}`, errno, {
    code: SHORTAGES.includes(errno.name) ? 'resource-limit' : (explained?.code ?? code),
    said: `${subject}: cannot ${action} it: ${errno.name}, ${errno.words}`,
    hint: explained?.hint,
    cause,
  });
}

function checkKind({ subject, kinds, code }: GivenFile, stats: Stats): void {
  const kind = kindOf(stats);
  if (kinds === undefined ? kind !== 'a directory' : kinds.some((wanted) => wanted === kind)) return;
  const wanted = kinds === undefined ? '' : `, not ${kinds.join(' or ')}`;
  throw new DmfdError(code, `${subject}: it is ${kind}${wanted}`);
}

function kindOf(stats: Stats): string {
  if (stats.isFile()) return 'a file';
  if (stats.isBlockDevice()) return 'a block device';
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return 'a character device';
}
