import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from './cache.js';

export type Accelerator = 'tcg' | 'kvm';

/**
 * Which accelerator to boot with; `untried` when only booting with KVM can tell: on some machines /dev/kvm
 * can be opened and then hangs every guest. `DMFD_VM_ACCEL` (tcg, kvm or auto) overrides.
 */
export function chosenAccelerator(): Accelerator | 'untried' {
  const wish = process.env.DMFD_VM_ACCEL || 'auto';
  if (wish === 'tcg' || wish === 'kvm') return wish;
  if (wish !== 'auto') throw new Error(`DMFD_VM_ACCEL is ${wish}; it can be tcg, kvm or auto`);
  if (!mayOpenKvm()) return 'tcg';
  try {
    return readFileSync(verdictFile(), 'utf8') === 'kvm' ? 'kvm' : 'tcg';
  } catch {
    return 'untried';
  }
}

/** Remembers, until this machine boots again, what a boot with KVM came to. */
export function rememberAccelerator(accelerator: Accelerator): void {
  writeFileSync(verdictFile(), accelerator);
}

function mayOpenKvm(): boolean {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function verdictFile(): string {
  return join(cacheDirectory('accelerator'), readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
}
