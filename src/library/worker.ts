/**
 * The thread in which the library's calls wait for the kernel; see threads.ts. It shares descriptors and memory with the
 * process, so what is made here is the process's.
 *
 * @module
 */
import { parentPort } from 'node:worker_threads';
import { Canceled } from '../kernel/cancellation.js';
import { Kernel } from '../kernel/kernel.js';
import { type Report, type Task, toPortable } from './messages.js';
import { OPERATIONS } from './operations.js';

const port = parentPort;
if (port === null) throw new Error('this module is for a thread of its own');

port.on('message', (task: Task) => {
  port.postMessage(perform(task, (report) => port.postMessage(report)));
});

function perform(
  { operation, request, tellSteps, cancellation }: Task,
  tell: (report: Report) => void,
): Report {
  const kernel = new Kernel(tellSteps ? (step) => tell({ step }) : undefined, cancellation);
  try {
    const work = OPERATIONS[operation] as (kernel: Kernel, request: unknown) => unknown;
    return { result: work(kernel, request) };
  } catch (error) {
    return error instanceof Canceled ? { canceled: true } : { failure: toPortable(error) };
  }
}
