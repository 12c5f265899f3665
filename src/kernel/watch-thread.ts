/**
 * The thread of a {@link Watcher}: waits for what is ready, and tells the thread that made it.
 *
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads';
import { waitReady } from './watcher.js';

for (let ready = waitReady(workerData); ready !== undefined; ready = waitReady(workerData)) {
  parentPort?.postMessage(ready);
}
