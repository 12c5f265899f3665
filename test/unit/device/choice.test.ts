import { expect, test } from 'vitest';
import { checkReapRequest } from '../../../src/device/reap.js';
import { checkRemovalRequest } from '../../../src/device/remove.js';
import { checkResizeRequest } from '../../../src/device/resize.js';

/** A thread gets only what an object has itself: without its name, another device could be meant. */
test.each<[check: (request: object) => object, request: object]>([
  [checkRemovalRequest, { diskseq: 5n }],
  [checkResizeRequest, { device: 'mine', size: 512n }],
  [checkReapRequest, { devices: ['mine'], dryRun: true }],
])('%o takes what is inherited along', (check, request) => {
  expect(structuredClone(check(Object.create(request)))).toEqual(request);
});
