import { afterAll, beforeAll, expect, test } from 'vitest';
import { OnlyByItself } from '../../../src/handoff/served.js';
import { servedWords } from '../support/served.js';
import { withXenstored } from '../support/xenstored.js';

const NODES = '/local/domain/0/backend/vbd/3/51712';

const xenstored = withXenstored();

beforeAll(() => {
  process.env.XENBUS_PATH = 'backend/vbd/3/51712';
});

afterAll(() => {
  delete process.env.XENBUS_PATH;
});

test.each([[[]], [['--verbose']]])(
  'a service gives a table back that it may not wait for, and has told nothing (options %j)',
  async (options) => {
    const nodes = { params: 'table:/dev/null', mode: 'w', 'frontend-id': '3', state: '2' };
    for (const [name, value] of Object.entries(nodes))
      xenstored.now.command('write', `${NODES}/${name}`, value);
    const told = await servedWords(['xen-hotplug', ...options, 'add'], (run) =>
      expect(run).rejects.toThrow(OnlyByItself),
    );
    expect(told).toEqual([]);
    expect(xenstored.now.below(NODES)).toEqual(nodes);
  },
);
