import type { TargetVersion } from '../dm/lists.js';
import { KEY_WORD, type Table } from '../dm/table.js';
import type { DmControl } from '../kernel/dm-control.js';
import type { Kernel } from '../kernel/kernel.js';
import { loadModule } from '../kernel/modprobe.js';

/** Since 1.18 (Linux 4.14) the crypt target takes a reference to a key in a keyring without known faults. */
const SINCE = [1, 18] as const;

/** Whether a key in this table can be given by reference, so that the table never shows it. */
export function takesKeyring(kernel: Kernel, dm: DmControl, table: Table): boolean {
  if (!table.some(({ type, params }) => type === 'crypt' && params.includes(KEY_WORD))) return false;
  const version = cryptVersion(kernel, dm);
  if (version === undefined) return false;
  const [major, minor] = version;
  return major > SINCE[0] || (major === SINCE[0] && minor >= SINCE[1]);
}

/** The kernel loads the module when it is asked for one version (Linux 5.4); before, we do. */
function cryptVersion(kernel: Kernel, dm: DmControl): TargetVersion['version'] | undefined {
  const version = dm.targetVersion('crypt') ?? dm.loadedVersion('crypt');
  if (version !== undefined) return version;
  loadModule(kernel, 'dm-crypt');
  return dm.loadedVersion('crypt');
}
