import { closeSync, constants, openSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { numbersOf } from '../kernel/layout.js';
import { shim } from '../kernel/shim.js';

const peerAt = numbersOf('peer', ['bytes', 'pid', 'uid']);

/** What makes paths, users and processes mean the same to two processes. */
const NAMESPACES = ['mnt', 'user', 'pid', 'net'] as const;
const CAP_SYS_ADMIN = 21n;

/**
 * Why the process at the other end of a connection is not this one's equal, which may do all by itself that it asks for:
 * root with CAP_SYS_ADMIN, in the same namespaces and the same root directory. undefined when it is.
 */
export function inequalityOf(connection: number): string | undefined {
  const at = peerAt();
  const peer = Buffer.alloc(at.bytes);
  const pidfd = shim.peer(connection, peer);
  if (pidfd < 0) return 'it is a process that cannot be seen from here, or has ended';
  try {
    const reason = inequality(peer.readUInt32LE(at.pid), peer.readUInt32LE(at.uid));
    // As long as it lives, /proc tells of it, and not of another process with its number.
    return shim.waitReadable(pidfd, 0) === 0 ? reason : 'it has ended';
  } finally {
    shim.close(pidfd);
  }
}

function inequality(pid: number, uid: number): string | undefined {
  if (uid !== 0) return `it runs as user ${uid}, not as root`;
  try {
    const other = NAMESPACES.find((name) => namespaceOf(pid, name) !== namespaceOf('self', name));
    if (other !== undefined) return `it is in another namespace (${other})`;
    if (rootOf(pid) !== rootOf('self')) return 'it has another root directory';
    if (!isAdministrator(pid)) return 'it does not have CAP_SYS_ADMIN';
    return undefined;
  } catch {
    return 'it cannot be looked at in /proc';
  }
}

type Process = number | 'self';

function namespaceOf(process: Process, name: string): string {
  return readlinkSync(`/proc/${process}/ns/${name}`);
}

/** The mount, too: below the same directory, another mount may have other things mounted. */
function rootOf(process: Process): string {
  const path = `/proc/${process}/root`;
  const { dev, ino } = statSync(path, { bigint: true });
  const fd = openSync(`${path}/`, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const [mount] = /^mnt_id:.*$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
    return [dev, ino, mount].join();
  } finally {
    closeSync(fd);
  }
}

function isAdministrator(process: Process): boolean {
  const [, effective] =
    /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${process}/status`, 'utf8')) ?? [];
  return ((BigInt(`0x${effective ?? '0'}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
}
