import { readIfThere } from './pseudo-files.js';

/** How many descriptors this process may have, by its soft limit, which Node has raised; undefined where /proc does not tell. */
export function softDescriptorLimit(): number | undefined {
  const soft = /^Max open files\s+(\d+)/m.exec(readIfThere('/proc/self/limits'))?.[1];
  return soft === undefined ? undefined : Number(soft);
}
