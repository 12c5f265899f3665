/**
 * `dmfd serve`, which the command line loads only then.
 *
 * @module
 */
import { say } from '../cli/output.js';
import { printError } from '../cli/print-error.js';
import { Watcher } from '../kernel/watcher.js';
import { type Listener, openListeners } from './listeners.js';
import { type Protocol, Service } from './service.js';
import { serveVarlink } from './varlink/serve.js';

export interface ServeOptions {
  /** Where the sockets are made, unless the service manager gives them. */
  readonly directory: string;
  /** Milliseconds; see {@link Service}. */
  readonly idle: number | undefined;
}

const PROTOCOLS = {
  varlink: serveVarlink,
} satisfies Record<Listener['name'], Protocol>;

/** Serves until it is told to end; the exit status. What went wrong is said here. */
export async function serve({ directory, idle }: ServeOptions): Promise<number> {
  try {
    const listeners = openListeners(directory);
    const watcher = new Watcher((error) => {
      process.exit(printError(error));
    });
    const service = new Service(watcher, listeners, { protocols: PROTOCOLS, idle, onBug: printError });
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => service.end());
    say(`serving ${listeners.map(({ name }) => name).join(' and ')}`);
    await service.run();
    await watcher.close();
    return 0;
  } catch (error) {
    return printError(error);
  }
}
