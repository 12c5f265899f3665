import { isWithItsModel } from './machine.js';
import { MADE, type Made, parseMade } from './made.js';
import { CLAIMS, type Claim, parseClaims } from './sharing.js';
import type { Nodes } from './store.js';
import { isEnding, nodeOf, type Vbd } from './vbd.js';

/**
 * The same disk in another domain: libxl attaches each disk of a domain whose device model has a domain of its own to both.
 *
 * @module
 */

/** A disk of another domain for which dmfd has made devices. */
export interface SameDisk {
  readonly vbd: Vbd;
  readonly made: readonly Made[];
  readonly claims: readonly Claim[];
}

/** The nodes of a disk line. */
const LINE = ['params', 'mode'] as const;

/** This disk in the domain whose device model this domain is, or in the device model of this domain, when it has its device. */
export function findOtherSide(nodes: Nodes, vbd: Vbd): SameDisk | undefined {
  const line = LINE.map((name) => nodes.read(nodeOf(vbd, name)));
  for (const other of sameNumbered(nodes, vbd)) {
    if (LINE.some((name, index) => nodes.read(nodeOf(other, name)) !== line[index])) continue;
    if (!isWithItsModel(nodes, vbd.domain, String(other.domain))) continue;
    const made = parseMade(nodes.read(nodeOf(other, MADE)) ?? '');
    if (made.length > 0)
      return { vbd: other, made, claims: parseClaims(nodes.read(nodeOf(other, CLAIMS)) ?? '') };
  }
  return undefined;
}

/** Whether the disk of another domain has these devices, too, and is not being closed. */
export function isMadeForAnother(nodes: Nodes, vbd: Vbd, made: string): boolean {
  return sameNumbered(nodes, vbd).some(
    (other) => nodes.read(nodeOf(other, MADE)) === made && !isEnding(nodes.read(nodeOf(other, 'state'))),
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
