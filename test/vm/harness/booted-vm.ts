import { appendFileSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, inject, type TestContext } from 'vitest';
import { linesSince } from './console-log.js';
import { Guest } from './guest.js';
import './global-setup.js';

/** What the file before this one has left in /tmp is not to be met. */
const EMPTY = "find /tmp -xdev -mindepth 1 ! -path '/tmp/systemd-private-*' -delete 2>/dev/null";

let attached: Promise<Guest> | undefined;

/**
 * The guest of the kernel this test file runs for, booted, and for this file alone; to be called at the top
 * of the file. A test that fails prints what the guest's kernel said meanwhile and where all of its log is.
 */
export function bootedVm(): Promise<Guest> {
  attached ??= attach();
  return attached;
}

async function attach(): Promise<Guest> {
  const guest = await Guest.attach(inject('vmSocket'));
  await guest.sh(EMPTY);
  beforeEach((context) => appendFileSync(guest.consoleLog, marker(context)));
  afterEach((context) => {
    if (context.task.result?.state !== 'fail') return;
    const lines = linesSince(guest.consoleLog, marker(context), 30) || '(nothing)';
    console.error(`the guest's console during this test, from ${guest.consoleLog}:\n${lines}`);
  });
  // Hooks run last-come first, so this one is the file's last; the next file's turn begins with it.
  afterAll(() => guest.detach());
  return guest;
}

function marker({ task }: TestContext): string {
  return `=== ${task.file.name} > ${task.name}\n`;
}
