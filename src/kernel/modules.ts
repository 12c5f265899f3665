import { spawnSync } from 'node:child_process';
import { readIfThere } from './pseudo-files.js';

/** Tries to have the kernel load a module. Returns what modprobe had to say when it did not work. */
export function loadModule(name: string): string | undefined {
  const { status, stderr, error } = spawnSync('modprobe', [name], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` },
  });
  if (error !== undefined) return `modprobe: ${error.message}`;
  return status === 0 ? undefined : stderr.trim().split('\n').at(-1);
}

/** The minor number under which the running kernel offers a misc device, or undefined when it does not. */
export function miscMinor(name: string): number | undefined {
  const list = readIfThere('/proc/misc');
  const line = list.split('\n').find((entry) => entry.trim().endsWith(` ${name}`));
  return line === undefined ? undefined : Number.parseInt(line, 10);
}
