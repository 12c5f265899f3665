import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from './cache.js';
import { vmFile } from './checkout.js';
import { commandOutput } from './command-output.js';

/** A kernel to boot; kernels/debian.sh documents the directory's layout. */
export interface Kernel {
  name: string;
  directory: string;
  image: string;
  /** What `uname -r` says in the guest. */
  release: string;
  /** The version of Debian's package and the suite it came from; null when it was built here. */
  version: string | null;
  /** lib/modules/RELEASE, or null when everything is built in. */
  modules: string | null;
}

const SYSTEMD = 'systemd-';
/** Those that can be downloaded. */
export const debianKernels = ['debian-5.10', 'debian-6.1', 'debian-6.12', 'debian-latest'];

/** Debian's kernels, and every kernel built into the cache. `DMFD_VM_KERNELS` (names with spaces) overrides. */
export function testedKernels(): string[] {
  const chosen = process.env.DMFD_VM_KERNELS?.split(/[\s,]+/).filter(Boolean);
  if (chosen?.length) return chosen;
  const built = readdirSync(cacheDirectory('kernels')).filter((name) => /^[a-z]/.test(name));
  return [...new Set([...debianKernels, ...built.sort()])];
}

/**
 * The guest of a vitest project: named like its kernel, with `systemd-` before that where systemd is process 1.
 */
export function guestOf(project: string): { kernel: string; systemd: boolean } {
  const systemd = project.startsWith(SYSTEMD);
  return { kernel: systemd ? project.slice(SYSTEMD.length) : project, systemd };
}

/** The name of the project that has systemd as process 1. */
export function withSystemd(kernel: string): string {
  return `${SYSTEMD}${kernel}`;
}

/** Finds a kernel in the cache; Debian's are downloaded when they are not there. */
export async function findKernel(name: string): Promise<Kernel> {
  const directory = join(cacheDirectory('kernels'), name);
  if (!existsSync(directory)) await provide(name);
  const release = readFileSync(join(directory, 'release'), 'utf8').trim();
  const unpacked = join(directory, 'vmlinux');
  const modules = join(directory, 'lib/modules', release);
  const version = join(directory, 'version');
  return {
    name,
    directory,
    image: existsSync(unpacked) ? unpacked : join(directory, 'bzImage'),
    release,
    version: existsSync(version) ? readFileSync(version, 'utf8').trim() : null,
    modules: existsSync(modules) ? modules : null,
  };
}

/** For people: `debian-latest is Linux 7.3.4+deb13-amd64 (7.3.4-1~bpo13+1, trixie-backports)`. */
export function describeKernel({ name, release, version }: Kernel): string {
  return `${name} is Linux ${release}${version ? ` (${version})` : ''}`;
}

async function provide(name: string): Promise<void> {
  if (!debianKernels.includes(name))
    throw new Error(
      `no kernel ${name} in ${cacheDirectory('kernels')}; Debian's are ${debianKernels.join(', ')}`,
    );
  await commandOutput(vmFile('kernels/debian.sh'), name.slice('debian-'.length));
}
