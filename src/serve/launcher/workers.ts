import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf } from '../../kernel/errno.js';
import { installed } from '../../kernel/installed.js';
import { NEWS, OUTDATED } from './news.js';

const PROGRAM = 'dist/command/warm.cjs';
/** So many processes are there from the start; each takes some 40 MB, half of which they share. */
const FIRST = Math.min(Math.max(availableParallelism(), 2), 4);
/** So many at most: while all of them wait, there is one more. */
const MOST = 16;
/** Milliseconds after which another one is started for one that has failed at once. */
const RESPITE = 1000;

/** Milliseconds in which those end that have nothing to do. */
const FAREWELL = 2000;

/** Notices to the service. */
export interface ServiceNotices {
  /** A launcher was here, within the last second. */
  used(): void;
  /** Another edition of dmfd has been installed: what this one still does, it only ends. */
  outdated(): void;
  /** Whether that is so. */
  isOutdated(): boolean;
}

/** Processes that answer launchers. */
export interface LauncherWorkers {
  /** Each ends after the launcher that it deals with. Returns when they have all ended, or go on by themselves. */
  end(): Promise<void>;
}

/**
 * Starts processes that answer the launchers at a listening socket, which does not block. They end with this one, however that ends.
 *
 * @param listener is theirs alone to accept at
 */
export function startLauncherWorkers(listener: number, service: ServiceNotices): LauncherWorkers {
  const workers = new Set<ChildProcess>();
  const waiting = new Set<ChildProcess>();
  let isEnding = false;

  const start = (): void => {
    if (isEnding) return;
    if (service.isOutdated()) {
      service.outdated();
      return;
    }
    const since = performance.now();
    const worker = spawnOrNot(listener);
    if (worker === undefined) {
      setTimeout(start, RESPITE).unref();
      return;
    }
    workers.add(worker);
    // It may end while its input is closed.
    worker.stdin?.on('error', () => undefined);
    worker.stdout?.setEncoding('latin1').on('data', (news: string) => {
      for (const letter of news) hear(worker, letter);
    });
    worker.on('error', () => undefined);
    worker.on('close', (status) => {
      workers.delete(worker);
      waiting.delete(worker);
      if (status === OUTDATED && !isEnding) service.outdated();
      else if (workers.size - waiting.size < FIRST)
        setTimeout(start, performance.now() - since < RESPITE ? RESPITE : 0).unref();
    });
  };

  const hear = (worker: ChildProcess, letter: string): void => {
    if (letter === NEWS.used) service.used();
    if (letter === NEWS.waits) {
      waiting.add(worker);
      if (workers.size < MOST && workers.size === waiting.size) start();
    }
    if (letter === NEWS.goesOn) {
      waiting.delete(worker);
      // It ends when it is done.
      if (workers.size - waiting.size > FIRST) worker.stdin?.destroy();
    }
  };

  for (let i = 0; i < FIRST; i++) start();
  return {
    end: async () => {
      isEnding = true;
      await Promise.race([Promise.all(Array.from(workers, endOf)), sleep(FAREWELL)]);
    },
  };
}

/** undefined where there is no memory for one more: Node throws that, and tells the rest by an event. */
function spawnOrNot(listener: number): ChildProcess | undefined {
  try {
    return spawn(process.execPath, [installed(PROGRAM)], {
      cwd: '/',
      env: { PATH: process.env.PATH },
      stdio: ['pipe', 'pipe', 'inherit', listener],
    });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

function endOf(worker: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    worker.on('close', () => resolve());
    worker.stdin?.destroy();
  });
}
