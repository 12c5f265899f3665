import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes a private directory for a socket, and removes those whose owner was killed before it could. */
export function makeSocketDirectory(): string {
  // A socket's path has to fit into 107 bytes.
  const root = tmpdir().length < 70 ? tmpdir() : '/tmp';
  for (const name of readdirSync(root)) {
    const owner = /^dmfd-vm-(\d+)-/.exec(name)?.[1];
    if (owner && !existsSync(`/proc/${owner}`)) rmSync(join(root, name), { recursive: true, force: true });
  }
  return mkdtempSync(join(root, `dmfd-vm-${process.pid}-`));
}
