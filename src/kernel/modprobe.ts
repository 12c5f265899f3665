import { spawnSync } from 'node:child_process';
import type { Kernel } from './kernel.js';
import { readIfThere } from './pseudo-files.js';

const USUAL_PLACES = ['/usr/sbin/modprobe', '/sbin/modprobe'];

/** As the kernel itself calls it: what stands in the caller's environment is for others. */
const ENVIRONMENT = { HOME: '/', PATH: '/sbin:/usr/sbin:/bin:/usr/bin' };

/** Tries to have the kernel load a module. Returns what modprobe had to say when it did not work. */
export function loadModule(kernel: Kernel, name: string): string | undefined {
  let complaint: string | undefined;
  kernel.call(`modprobe ${name}`, () => {
    complaint = modprobe(name);
    return 0;
  });
  return complaint;
}

/** Where the kernel would call it, then where it usually is; only by an absolute path, because root executes it. */
function modprobe(name: string): string | undefined {
  const places = [readIfThere('/proc/sys/kernel/modprobe').trim(), ...USUAL_PLACES];
  for (const place of places.filter((path) => path.startsWith('/'))) {
    const { status, stderr, error } = spawnSync(place, [name], {
      cwd: '/',
      env: ENVIRONMENT,
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    if (error === undefined) return status === 0 ? undefined : stderr.trim().split('\n').at(-1);
  }
  return `modprobe: there is none at ${USUAL_PLACES.join(', ')}`;
}
