import { isatty } from 'node:tty';

/** Shorter waits are over before anybody wonders. */
const WORTH_SHOWING = 500;

/**
 * Shows that something is being waited for, on a terminal and when it takes its time. ora costs as much as all of
 * dmfd's start-up, so it is loaded only then.
 */
export async function withProgress<T>(text: string, quiet: boolean, work: Promise<T>): Promise<T> {
  if (quiet || !isatty(2)) return await work;
  let spinner: { stop(): unknown } | undefined;
  let done = false;
  const timer = setTimeout(async () => {
    const { default: ora } = await import('ora');
    if (!done) spinner = ora({ text, stream: process.stderr }).start();
  }, WORTH_SHOWING);
  try {
    return await work;
  } finally {
    done = true;
    clearTimeout(timer);
    spinner?.stop();
  }
}
