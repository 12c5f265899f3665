import { DmfdError } from '../errors.js';
import { isWithItsModel, machineOf } from './machine.js';
import { MADE, type Made, parseMade } from './made.js';
import type { DiskParams } from './params.js';
import { CLAIMS, type Claim, parseClaims } from './sharing.js';
import type { Nodes } from './store.js';
import { isEnding, LINE, pathIn, readLine, type Vbd } from './vbd.js';

/**
 * The same disk in another domain: libxl attaches each disk of a domain whose device model has a domain of its own to both, and, for
 * a migration to the same host, to the domain that goes on before it is taken from the one that ends.
 *
 * @module
 */

/** A disk of another domain for which dmfd has made devices. */
export interface SameDisk {
  readonly vbd: Vbd;
  readonly made: readonly Made[];
  readonly claims: readonly Claim[];
}

/** This disk in the domain whose device model this domain is, or in the device model of this domain, when it has its device. */
export function findOtherSide(nodes: Nodes, vbd: Vbd): SameDisk | undefined {
  const line = readLine(nodes, vbd);
  for (const other of sameNumbered(nodes, vbd)) {
    // The nodes of a disk that is none of its business may have anything in them.
    if (!isWithItsModel(nodes, vbd.domain, String(other.domain))) continue;
    if (LINE.some((name) => nodes.read(pathIn(other, name)) !== line[name])) continue;
    const made = parseMade(nodes.read(pathIn(other, MADE)) ?? '');
    if (made.length > 0)
      return { vbd: other, made, claims: parseClaims(nodes.read(pathIn(other, CLAIMS)) ?? '') };
  }
  return undefined;
}

/** What is written to these ends with their device. */
const MADE_ANEW: readonly DiskParams['form'][] = ['overlay', 'crypt', 'crypt-overlay'];

export function isMadeAnew({ form }: Pick<DiskParams, 'form'>): boolean {
  return MADE_ANEW.includes(form);
}

/**
 * Refuses to make a disk anew for a machine that runs on: it remembers what it has written. After a reboot the old domain, or at
 * least its disk, is gone.
 *
 * @throws DmfdError `taken`
 */
export function refuseMadeAnew(nodes: Nodes, vbd: Vbd, params: Pick<DiskParams, 'form'>): void {
  const machine = isMadeAnew(params) ? machineOf(nodes, vbd.domain) : undefined;
  if (machine === undefined) return;
  for (const other of sameNumbered(nodes, vbd)) {
    if (machineOf(nodes, other.domain) !== machine) continue;
    if ((nodes.read(pathIn(other, MADE)) ?? '') === '' || isEnding(nodes.read(pathIn(other, 'state'))))
      continue;
    if (isWithItsModel(nodes, vbd.domain, String(other.domain))) continue;
    throw new DmfdError(
      'backing-in-use',
      `domain ${other.domain} is the same machine, and has this disk (${other.path}): a new one has nothing of what was written to that`,
      { hint: 'a domain with such a disk cannot be migrated: shut it down, and create it anew' },
    );
  }
}

/** Whether the disk of another domain has these devices, too, and is not being closed. */
export function isMadeForAnother(nodes: Nodes, vbd: Vbd, made: string): boolean {
  return sameNumbered(nodes, vbd).some(
    (other) => nodes.read(pathIn(other, MADE)) === made && !isEnding(nodes.read(pathIn(other, 'state'))),
  );
}

/** Where the disk with this number would be in each other domain. */
function sameNumbered(nodes: Nodes, vbd: Vbd): Vbd[] {
  const all = `${vbd.home}backend/vbd`;
  return (nodes.list(all) ?? [])
    .map(Number)
    .filter((domain) => domain !== vbd.domain)
    .map((domain) => ({ ...vbd, domain, path: `${all}/${domain}/${vbd.device}` }));
}
