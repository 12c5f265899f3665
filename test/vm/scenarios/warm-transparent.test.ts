import { afterAll, beforeAll, expect } from 'vitest';
import { coldStarts, killService, startService, unwatchNode, watchNode } from './warm/service.js';
// The same tests, served.
import './transparent.test.js';

beforeAll(async () => {
  await watchNode();
  await startService();
});
afterAll(async () => {
  // A caller with fewer capabilities, and one that holds, are not served; and a busy machine's launchers may not wait long enough.
  expect((await coldStarts()).length).toBeLessThan(9);
  await killService();
  await unwatchNode();
});
