import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { DmfdError } from '../errors.js';
import { callerDescriptors, callerEnvironment } from '../handoff/caller.js';
import { FIRST_LISTEN_FD, inheritedNames } from '../handoff/listen.js';
import { describeErrno, type Errno, errnoError, errnoOf } from '../kernel/errno.js';
import { shim } from '../kernel/shim.js';

/** The service's sockets: the file of each, by the name that it has in a unit (FileDescriptorName=). */
const SOCKETS = {
  varlink: 'dmfd.sock',
  launcher: 'launcher.sock',
} as const;

export type SocketName = keyof typeof SOCKETS;

/** A socket that listens. */
export interface Listener {
  readonly name: SocketName;
  readonly fd: number;
  /** Closes it, and removes its file if it was made here. */
  close(): void;
}

/** Milliseconds in which a service that lives has to take a connection. */
const LIMIT = 2000;

/**
 * The sockets that the service manager gave, or new ones in the directory, which is made if need be.
 *
 * @throws DmfdError `taken` when another service listens there; `system`, `privilege`
 */
export function openListeners(directory: string): Listener[] {
  const names = inheritedNames(callerEnvironment(), process.pid, callerDescriptors());
  return names.length > 0 ? names.map(inherited) : makeListeners(directory);
}

function inherited(name: string, index: number): Listener {
  const fd = FIRST_LISTEN_FD + index;
  if (!isSocketName(name)) {
    throw new DmfdError(
      'socket-unusable',
      `descriptor ${fd}, called ${JSON.stringify(name)}: no such socket is served`,
      {
        hint: `name it in its unit: FileDescriptorName=, with ${Object.keys(SOCKETS).join(' or ')}`,
      },
    );
  }
  if (!fstatSync(fd).isSocket())
    throw new DmfdError('socket-unusable', `descriptor ${fd}: it is not a socket`);
  return { name, fd, close: () => closeSync(fd) };
}

function isSocketName(name: string): name is SocketName {
  return Object.hasOwn(SOCKETS, name);
}

function makeListeners(directory: string): Listener[] {
  const listeners: Listener[] = [];
  const pinned = openDirectory(directory);
  try {
    // Of two that start at once, one looks whether the other lives.
    if (shim.lock(pinned) < 0) throw alreadyServed(directory, 'it starts at this moment');
    for (const name of Object.keys(SOCKETS).filter(isSocketName)) {
      listeners.push(makeListener(name, directory, pinned));
    }
    return listeners;
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  } finally {
    closeSync(pinned);
  }
}

/** Makes it if it is not there. */
function openDirectory(directory: string): number {
  try {
    makeDirectory(directory);
    return openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    const errno = errnoOf(error);
    throw errno === undefined ? error : failed(`serve in ${directory}`, errno);
  }
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory);
    // Whatever the umask.
    chmodSync(directory, 0o755);
  } catch (error) {
    if (errnoOf(error)?.name !== 'EEXIST') throw error;
  }
}

function makeListener(name: SocketName, directory: string, pinned: number): Listener {
  const path = join(directory, SOCKETS[name]);
  const file = Buffer.from(`${SOCKETS[name]}\0`);
  let fd = shim.listen(pinned, file);
  if (describeErrno(-fd).name === 'EADDRINUSE') {
    removeStale(path);
    fd = shim.listen(pinned, file);
  }
  if (fd < 0) throw failed(`listen at ${path}`, describeErrno(-fd));
  const made = lstatSync(path);
  return {
    name,
    fd,
    close: () => {
      shim.close(fd);
      if (isSame(made, statIfThere(path))) unlinkSync(path);
    },
  };
}

/** The file of a service that was killed stays, without a listener. */
function removeStale(path: string): void {
  if (!statIfThere(path)?.isSocket()) {
    throw new DmfdError('socket-unusable', `listen at ${path}: something else than a socket is there`);
  }
  const connection = shim.connect(Buffer.from(`${path}\0`), 0, LIMIT, Buffer.alloc(4));
  if (connection >= 0) shim.close(connection);
  if (describeErrno(-connection).name !== 'ECONNREFUSED') throw alreadyServed(path, 'it lives');
  unlinkSync(path);
}

function statIfThere(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function isSame(one: Stats, other: Stats | undefined): boolean {
  return one.ino === other?.ino && one.dev === other.dev;
}

function alreadyServed(where: string, what: string): DmfdError {
  return new DmfdError('already-served', `${where}: another dmfd serves there; ${what}`, {
    hint: 'end that one first, or serve in another directory',
  });
}

function failed(operation: string, errno: Errno): DmfdError {
  return errnoError(operation, errno, { code: 'socket-unusable' });
}
