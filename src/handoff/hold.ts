import { fstatSync } from 'node:fs';
import { constants } from 'node:os';
import { type CallerState, isIgnored } from './caller-state.js';

const RELEASING = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Waits until it is time to let go: SIGTERM, SIGINT, SIGHUP, or the end of standard input where that is a pipe or a
 * socket, whose other end can be closed; a terminal or /dev/null says nothing. Then lets go; after that, the signals do what they
 * did before.
 *
 * @param ready is called once letting go works
 * @param caller what it ignores (nohup), does not release
 */
export async function hold(
  ready: () => Promise<void>,
  letGo: () => void,
  caller?: CallerState,
): Promise<void> {
  let stopHearing = (): void => undefined;
  await new Promise<void>((resolve, reject) => {
    const over = (): void => resolve();
    stopHearing = onReleasingSignal(caller, over);
    if (canEnd(0)) process.stdin.on('end', over).on('close', over).on('error', over).resume();
    // Signal handlers alone do not keep Node's event loop alive.
    setInterval(() => undefined, 2 ** 30);
    ready().catch(reject);
  });
  letGo();
  stopHearing();
}

/**
 * Has a signal that lets go of devices heard, unless the caller ignores it: then nothing hears it.
 *
 * @returns has none heard any more
 */
export function onReleasingSignal(
  caller: CallerState | undefined,
  listen: (signal: (typeof RELEASING)[number]) => void,
): () => void {
  const heard = RELEASING.filter((signal) => !isIgnored(caller, constants.signals[signal]));
  for (const signal of heard) process.on(signal, listen);
  return () => {
    for (const signal of heard) process.off(signal, listen);
  };
}

/** Whether the end of what comes from it lets go: a pipe's or a socket's does. */
export function canEnd(fd: number): boolean {
  try {
    const stats = fstatSync(fd);
    return stats.isFIFO() || stats.isSocket();
  } catch {
    return false;
  }
}
