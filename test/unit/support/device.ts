import type { CreationResult } from '../../../src/device/creation.js';
import type { DeviceFacts } from '../../../src/device/facts.js';
import { Device } from '../../../src/device/handle.js';
import type { DeviceSummary } from '../../../src/device/list.js';
import type { PlannedLayer } from '../../../src/device/plan.js';
import { checkRequest } from '../../../src/device/request.js';
import { parseTable } from '../../../src/dm/table.js';

const LINE = '0 8 zero';

/** A request that was checked, and needs no file. */
export function request(changes: Partial<PlannedLayer> = {}): PlannedLayer {
  const checked = checkRequest({ name: 'mine', uuid: 'DMFD-1', table: LINE });
  return { ...checked, table: parseTable([{ label: 'T', text: LINE }]), loops: [], warnings: [], ...changes };
}

/** What the shim says of a creation that went well. */
export function creation(changes: Partial<CreationResult> = {}): CreationResult {
  return {
    result: 0,
    failedStep: undefined,
    fd: -1,
    fromKernel: false,
    dev: { major: 4095, minor: 1_048_575 },
    diskseq: 42n,
    size: 4096n,
    answer: 0xffff_ffff,
    keyGiven: undefined,
    trace: [],
    ...changes,
  };
}

/** What is known of a device that no machine has. */
export function facts(changes: Partial<DeviceFacts> = {}): DeviceFacts {
  return {
    name: 'mine',
    uuid: 'DMFD-1',
    path: '/dev/dm-1048575',
    major: 4095,
    minor: 1_048_575,
    diskseq: 42n,
    size: 4096n,
    readOnly: false,
    mode: 'fallback',
    loops: [],
    key: undefined,
    below: [],
    mapperLink: undefined,
    warnings: [],
    ...changes,
  };
}

/** What a list tells of a device that nobody has. */
export function summary(changes: Partial<DeviceSummary> = {}): DeviceSummary {
  return {
    name: 'a',
    uuid: 'DMFD-1',
    path: '/dev/dm-0',
    major: 254,
    minor: 0,
    diskseq: 5n,
    size: 4096n,
    readOnly: false,
    targets: [],
    openCount: 0,
    deferredRemove: false,
    state: 'leaked',
    created: undefined,
    ...changes,
  };
}

/** A handle of a device that no machine has. */
export function device(changes: Partial<CreationResult> = {}): Device {
  return Device.of(request(), creation(changes), []);
}
