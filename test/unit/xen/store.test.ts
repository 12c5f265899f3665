import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { DmfdError } from '../../../src/errors.js';
import { Kernel } from '../../../src/kernel/kernel.js';
import { Deadline } from '../../../src/xen/deadline.js';
import { XenStore } from '../../../src/xen/store.js';
import { Xenstored } from '../../xen/xenstored.js';
import { refusal } from '../support/refusal.js';
import { scratchFolder } from '../support/scratch.js';
import { withXenstored } from '../support/xenstored.js';

const xenstored = withXenstored();

function withStore<T>(use: (store: XenStore) => T, milliseconds = 20_000): T {
  return XenStore.with(new Kernel(), new Deadline(milliseconds), use);
}

test('nodes are written, read, listed and removed, as Xen’s own commands see them', () => {
  withStore((store) => {
    expect(store.read('/first/node')).toBeUndefined();
    expect(store.list('/first')).toBeUndefined();
    store.write('/first/node', 'ü and blanks');
    store.write('/first/empty', '');
    store.write('relative', 'below domain 0');
    expect(store.read('/first/node')).toBe('ü and blanks');
    expect(store.read('/first/empty')).toBe('');
    expect(store.list('/first')?.sort()).toEqual(['empty', 'node']);
    expect(store.list('/first/node')).toEqual([]);
    expect(xenstored.now.command('read', '-R', '/first/node')).toBe('ü and blanks');
    expect(xenstored.now.command('read', '/local/domain/0/relative')).toBe('below domain 0');
    store.remove('/first');
    store.remove('/first');
    expect(store.list('/first')).toBeUndefined();
  });
});

test('a directory of more names than one message has room for is listed whole', () => {
  const names = Array.from({ length: 700 }, (_, index) => `node-number-${index}`);
  withStore((store) => {
    store.transaction((nodes) => {
      for (const name of names) nodes.write(`/many/${name}`, '');
    });
    expect(store.list('/many')?.sort()).toEqual([...names].sort());
  });
});

test('a value that is not UTF-8 is refused', () => {
  // As a C program would write it.
  xenstored.now.command('write', '/binary', '\\xff');
  expect(refusal(() => withStore((store) => store.read('/binary')))).toMatchObject({
    code: 'xen-disk-invalid',
    message: 'xenstore: /binary: it is not valid UTF-8',
  });
});

test('a transaction that others disturb is done again, and its reads are of one moment', () => {
  withStore((store) => {
    store.write('/counter', '1');
    let runs = 0;
    const sum = store.transaction((nodes) => {
      runs++;
      const before = nodes.read('/counter');
      if (runs < 3) xenstored.now.command('write', '/counter', String(10 * runs));
      nodes.write('/counter', `${before}+1`);
      return before;
    });
    expect({ runs, sum, counter: store.read('/counter') }).toEqual({ runs: 3, sum: '20', counter: '20+1' });
  });
});

test('what appears where a transaction has found nothing disturbs it, too', () => {
  withStore((store) => {
    let runs = 0;
    const seen = store.transaction((nodes) => {
      runs++;
      const other = nodes.read('/rival/claim');
      if (runs === 1) xenstored.now.command('write', '/rival/claim', 'mine');
      nodes.write('/own/claim', 'ours');
      return other;
    });
    expect({ runs, seen }).toEqual({ runs: 2, seen: 'mine' });
  });
});

test('a transaction that is disturbed without end is given up at the deadline', () => {
  const error = refusal(() =>
    withStore((store) => {
      store.transaction((nodes) => {
        nodes.read('/busy');
        xenstored.now.command('write', '/busy', String(Math.random()));
        nodes.write('/busy', 'x');
      });
    }, 500),
  );
  expect(error).toMatchObject({
    code: 'xenstore-failed',
    message: expect.stringMatching(/others were faster|it has not answered/),
  });
});

test('a transaction whose work throws has no effect', () => {
  withStore((store) => {
    const work = () =>
      store.transaction((nodes) => {
        nodes.write('/never', 'x');
        throw new DmfdError('kernel-refused', 'no');
      });
    expect(refusal(work).message).toBe('no');
    expect(store.read('/never')).toBeUndefined();
  });
});

test('a watch tells of changes and of the end of a node, also while something else is asked', () => {
  withStore((store) => {
    store.write('/watched', '1');
    store.watch('/watched');
    expect(store.nextEvent(5000)).toBe('/watched');
    expect(store.nextEvent(50)).toBeUndefined();
    xenstored.now.command('write', '/watched', '2');
    expect(store.read('/watched')).toBe('2');
    expect(store.nextEvent(5000)).toBe('/watched');
    xenstored.now.command('rm', '/watched');
    expect(store.nextEvent(5000)).toBe('/watched');
    expect(store.read('/watched')).toBeUndefined();
  });
});

test('what xenstored refuses is told', () => {
  const error = refusal(() => withStore((store) => store.write('/with blank', 'x')));
  expect(error).toMatchObject({
    code: 'xenstore-failed',
    errno: 'EINVAL',
    message: 'xenstore: WRITE /with blank: EINVAL, invalid argument',
  });
});

test('a xenstored that dies, and one that is not there, are told', async () => {
  const own = await Xenstored.start();
  const before = process.env.XENSTORED_PATH;
  process.env.XENSTORED_PATH = own.socket;
  try {
    const died = refusal(() =>
      withStore((store) => {
        store.write('/a', 'b');
        own.process.kill('SIGKILL');
        for (;;) store.read('/a');
      }),
    );
    expect(died).toMatchObject({
      code: 'xenstore-failed',
      message: expect.stringMatching(/^xenstore: (it has closed the connection|the connection broke: E)/),
    });
    if (own.process.exitCode === null && own.process.signalCode === null) await once(own.process, 'exit');
    const absent = refusal(() => withStore((store) => store.read('/a')));
    expect(absent).toMatchObject({
      code: 'xenstore-failed',
      message: expect.stringMatching(/it cannot be reached at .*: ECONNREFUSED/),
      hint: expect.stringContaining('is xenstored running'),
    });
  } finally {
    process.env.XENSTORED_PATH = before;
    await own.stop();
  }
});

/** What a server at a unix socket does that is no xenstored: this thread waits in the shim meanwhile. */
const HOSTILE = `
  const { workerData, parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer((connection) => {
    connection.on('error', () => {});
    connection.on('data', () => {
      const header = (type, request, length) => {
        const bytes = Buffer.alloc(16);
        bytes.writeUInt32LE(type, 0); bytes.writeUInt32LE(request, 4); bytes.writeUInt32LE(length, 12);
        return bytes;
      };
      if (workerData.action === 'half') connection.write(header(2, 1, 10).subarray(0, 7));
      if (workerData.action === 'long') connection.write(header(2, 1, 4097));
      if (workerData.action === 'huge') connection.write(header(2, 1, 0xffffffff));
      if (workerData.action === 'other') connection.write(header(2, 7, 0));
      if (workerData.action === 'error') connection.write(Buffer.concat([header(16, 1, 9), Buffer.from('ENOTHING\\0')]));
      if (workerData.action === 'slow') {
        const bytes = Buffer.concat([header(2, 1, 5), Buffer.from('value')]);
        for (let at = 0; at < bytes.length; at++) setTimeout(() => connection.write(bytes.subarray(at, at + 1)), 5 * at);
      }
    });
  });
  server.listen(workerData.path, () => parentPort.postMessage('ready'));`;

/** Milliseconds; a busy machine has enough of them for every answer that comes. */
const LONG = 30_000;

test.each([
  ['never', 300, /it has not answered READ until the 0.3 s were up/],
  ['half', 300, /it has not answered READ/],
  ['long', LONG, /it sends a message of 4097 bytes/],
  ['huge', LONG, /it sends a message of 4294967295 bytes/],
  ['other', LONG, /it answers what was not asked/],
  ['error', LONG, /READ \/a: EINVAL/],
])(
  'a server that answers wrongly (%s) is not waited for longer than the deadline',
  async (action, limit, message) => {
    await withServer(action, () => {
      expect(refusal(() => withStore((store) => store.read('/a'), limit))).toMatchObject({
        code: 'xenstore-failed',
        message: expect.stringMatching(message),
      });
    });
  },
);

test('an answer that comes byte by byte is put together', async () => {
  await withServer('slow', () => {
    expect(withStore((store) => store.read('/a'))).toBe('value');
  });
});

async function withServer(action: string, use: () => void): Promise<void> {
  const path = join(scratchFolder(), 'socket');
  const server = new Worker(HOSTILE, { eval: true, workerData: { path, action } });
  const before = process.env.XENSTORED_PATH;
  try {
    await once(server, 'message');
    process.env.XENSTORED_PATH = path;
    use();
  } finally {
    process.env.XENSTORED_PATH = before;
    await server.terminate();
  }
}
