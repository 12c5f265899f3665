import { decodeTargetVersions, type TargetVersion } from '../dm/lists.js';
import type { Table } from '../dm/table.js';
import { queryDm } from '../kernel/dm-ioctl.js';
import { loadModule } from '../kernel/modules.js';
import { type StepListener, timed } from '../kernel/steps.js';
import { KEY_WORD } from './key.js';

/** Since 1.18 (Linux 4.14) the crypt target takes a reference to a key in a keyring without known faults. */
const SINCE = [1, 18] as const;

/** Whether a key in this table can be given by reference, so that the table never shows it. */
export function takesKeyring(control: number, table: Table, onStep?: StepListener): boolean {
  if (!table.some(({ type, params }) => type === 'crypt' && params.includes(KEY_WORD))) return false;
  const version = cryptVersion(control, onStep);
  if (version === undefined) return false;
  const [major, minor] = version;
  return major > SINCE[0] || (major === SINCE[0] && minor >= SINCE[1]);
}

/** The kernel loads the module when it is asked for one version (Linux 5.4); before, we do. */
function cryptVersion(control: number, onStep?: StepListener): TargetVersion['version'] | undefined {
  const reply = queryDm(control, 'GET_TARGET_VERSION', { name: 'crypt' }, onStep);
  if (typeof reply !== 'number') return decodeTargetVersions(reply)[0]?.version;
  return listedVersion(control, onStep) ?? versionAfterLoading(control, onStep);
}

function versionAfterLoading(control: number, onStep?: StepListener): TargetVersion['version'] | undefined {
  timed(onStep, 'modprobe dm-crypt', () => {
    loadModule('dm-crypt');
    return 0;
  });
  return listedVersion(control, onStep);
}

function listedVersion(control: number, onStep?: StepListener): TargetVersion['version'] | undefined {
  const reply = queryDm(control, 'LIST_VERSIONS', {}, onStep);
  if (typeof reply === 'number') return undefined;
  return decodeTargetVersions(reply).find(({ name }) => name === 'crypt')?.version;
}
