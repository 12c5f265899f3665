import type { Description } from '../../../src/handoff/describe.js';

/** What a command is told, of a device that does not exist. */
export function description(changes: Partial<Description> = {}): Description {
  return {
    fd: '3',
    path: '/dev/dm-5',
    name: 'mine',
    uuid: 'DMFD-1',
    dev: '254:5',
    diskseq: '42',
    size: '4096',
    mode: 'fallback',
    loops: [],
    below: [],
    ...changes,
  };
}
