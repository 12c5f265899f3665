import { DmfdError } from '../errors.js';
import type { Nodes } from './store.js';

/**
 * Which domains are the same virtual machine. A driver domain may not read of the others; what nobody can tell is not so.
 *
 * @module
 */

/** A domain and its own device model, or its successor after a reboot: they have the same virtual machine's disks. */
export function isSameMachine(nodes: Nodes, own: number, other: string): boolean {
  if (String(own) === other) return true;
  const theirs = machineOf(nodes, other);
  // Its entries are going already.
  if (theirs === undefined)
    return ifAllowed(() => nodes.list(`/local/domain/${other}`) === undefined) ?? false;
  const ours = [machineOf(nodes, own), machineOf(nodes, targetOf(nodes, own))];
  return ours.some(
    (name) => name !== undefined && (name === theirs || name === machineOf(nodes, targetOf(nodes, other))),
  );
}

/** Whether one of the two domains is the device model of the other. */
export function isWithItsModel(nodes: Nodes, own: number, other: string): boolean {
  return targetOf(nodes, own) === other || targetOf(nodes, other) === String(own);
}

/** The name of a domain's machine, which it keeps when it is saved and restored, or migrated. */
export function machineOf(nodes: Nodes, domain: number | string | undefined): string | undefined {
  return domain === undefined ? undefined : ifAllowed(() => nodes.read(`/local/domain/${domain}/vm`));
}

/** The domain whose device model this one is. */
function targetOf(nodes: Nodes, domain: number | string): string | undefined {
  return ifAllowed(() => nodes.read(`/local/domain/${domain}/target`));
}

/** What xenstore tells; undefined where this domain may not ask. */
function ifAllowed<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof DmfdError && error.errno === 'EACCES') return undefined;
    throw error;
  }
}
