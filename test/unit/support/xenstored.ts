import { afterAll, beforeAll } from 'vitest';
import { Xenstored } from '../../xen/xenstored.js';

/** Has a file's tests, and what they start, speak with a xenstored of the file's own. */
export function withXenstored(): { readonly now: Xenstored } {
  let xenstored: Xenstored;
  beforeAll(async () => {
    xenstored = await Xenstored.start();
    process.env.XENSTORED_PATH = xenstored.socket;
  });
  afterAll(async () => {
    delete process.env.XENSTORED_PATH;
    await xenstored.stop();
  });
  return {
    get now() {
      return xenstored;
    },
  };
}
