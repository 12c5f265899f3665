import { inject } from 'vitest';
import { Guest } from './guest.js';
import './global-setup.js';

let attached: Promise<Guest> | undefined;

/** The guest of the kernel this test file runs for, booted. One connection for the whole file. */
export function bootedVm(): Promise<Guest> {
  attached ??= Guest.attach(inject('vmSocket'));
  return attached;
}
