import { afterAll, beforeAll, expect, test } from 'vitest';
import { coldStarts, killService, startService, unwatchNode, watchNode } from './service.js';

/** The service answers the launchers of the file's, or the describe's, tests, and starts of Node are noted. */
export function whileServed(): void {
  beforeAll(async () => {
    await watchNode();
    await startService();
  });
  afterAll(async () => {
    await killService();
    await unwatchNode();
  });
}

/**
 * Has the service answer the launchers of the file that calls it, whose tests are those of another one.
 *
 * @param most so often Node is needed at most: some are not served, and a busy machine's launchers may not wait long enough
 */
export function served(most: number): void {
  whileServed();
  // The last of the file. No hook: where one fails, the file's own are not run, and what is left is in the way of the next.
  test(`at most ${most} starts of Node`, async () => {
    const cold = await coldStarts();
    console.info(`${cold.length} starts of Node`);
    expect(cold.length).toBeLessThanOrEqual(most);
  });
}
