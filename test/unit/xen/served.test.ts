import { afterAll, beforeAll, expect, test } from 'vitest';
import { runWords } from '../../../src/cli/run-words.js';
import { OnlyByItself, serve } from '../../../src/handoff/served.js';
import { Xenstored } from '../../xen/xenstored.js';

const NODES = '/local/domain/0/backend/vbd/3/51712';

let xenstored: Xenstored;

beforeAll(async () => {
  xenstored = await Xenstored.start();
  process.env.XENSTORED_PATH = xenstored.socket;
  process.env.XENBUS_PATH = 'backend/vbd/3/51712';
});

afterAll(async () => {
  delete process.env.XENSTORED_PATH;
  delete process.env.XENBUS_PATH;
  await xenstored.stop();
});

test.each([[[]], [['--verbose']]])(
  'a service gives a table back that it may not wait for, and has told nothing (options %j)',
  async (options) => {
    const nodes = { params: 'table:/dev/null', mode: 'w', 'frontend-id': '3', state: '2' };
    for (const [name, value] of Object.entries(nodes)) xenstored.command('write', `${NODES}/${name}`, value);
    const told: string[] = [];
    serve({
      pid: process.pid,
      state: undefined,
      words: [],
      environment: [],
      columns: 0,
      isTerminal: () => false,
      write: (_fd, bytes) => told.push(bytes.toString()),
      run: () => 0,
    });
    try {
      await expect(runWords(['xen-hotplug', ...options, 'add'])).rejects.toThrow(OnlyByItself);
    } finally {
      serve(undefined);
    }
    expect(told).toEqual([]);
    expect(xenstored.below(NODES)).toEqual(nodes);
  },
);
