import { Device } from '../../../src/device/handle.js';
import { type CheckedRequest, checkRequest } from '../../../src/device/request.js';
import type { CreationResult } from '../../../src/kernel/creation.js';

/** A request that was checked. */
export function request(changes: Partial<CheckedRequest> = {}): CheckedRequest {
  return { ...checkRequest({ name: 'mine', uuid: 'DMFD-1', table: '0 8 zero' }), ...changes };
}

/** What the shim says of a creation that went well. */
export function creation(changes: Partial<CreationResult> = {}): CreationResult {
  return {
    result: 0,
    failedStep: 0,
    fd: -1,
    fromKernel: false,
    dev: { major: 4095, minor: 1_048_575 },
    diskseq: 42n,
    diskseqProved: true,
    size: 4096n,
    rollback: 0,
    answer: 0xffff_ffff,
    keyGiven: undefined,
    ...changes,
  };
}

/** A handle of a device that no machine has. */
export function device(changes: Partial<CreationResult> = {}): Device {
  return new Device(request(), creation(changes), []);
}
