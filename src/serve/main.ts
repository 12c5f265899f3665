/**
 * `dmfd serve`, which the command line loads only then.
 *
 * @module
 */
import { say } from '../cli/output.js';
import { printError } from '../cli/print-error.js';
import { Watcher } from '../kernel/watcher.js';
import { rememberEdition } from './edition.js';
import { startLauncherWorkers } from './launcher/workers.js';
import { openListeners } from './listeners.js';
import { Service } from './service.js';
import { serveVarlink } from './varlink/serve.js';

export interface ServeOptions {
  /** Where the sockets are made, unless the service manager gives them. */
  readonly directory: string;
  /** Milliseconds; see {@link Service}. */
  readonly idle: number | undefined;
}

/** Serves until it is told to end; the exit status. What went wrong is said here. */
export async function serve({ directory, idle }: ServeOptions): Promise<number> {
  try {
    const isOutdated = rememberEdition();
    const listeners = openListeners(directory);
    const watcher = new Watcher((error) => {
      process.exit(printError(error));
    });
    const service = new Service(
      watcher,
      listeners.filter(({ name }) => name === 'varlink'),
      { protocol: serveVarlink, idle, isOutdated, onBug: printError },
    );
    const launcher = listeners.find(({ name }) => name === 'launcher');
    const workers =
      launcher &&
      startLauncherWorkers(launcher.fd, {
        used: () => service.used(),
        outdated: () => service.drain(),
        isOutdated,
      });
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => service.end());
    say(`serving ${listeners.map(({ name }) => name).join(' and ')}`);
    await service.run();
    launcher?.close();
    await workers?.end();
    await watcher.close();
    return 0;
  } catch (error) {
    return printError(error);
  }
}
