import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { createServer } from 'node:net';

/** Leaves the socket of a server that has ended, where nobody listens; `moved` is a path that no server could bind. */
export async function leaveSocket(path: string, moved = path): Promise<string> {
  const server = createServer().listen(`${path}.new`);
  await once(server, 'listening');
  // A server removes its own when it ends.
  renameSync(`${path}.new`, moved);
  server.close();
  await once(server, 'close');
  return moved;
}
