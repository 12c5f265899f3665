import { writeSync } from 'node:fs';
import { SHARE_ENV, Worker, type WorkerOptions } from 'node:worker_threads';
import { DmfdError } from '../errors.js';
import { Canceled, type Cancellation } from '../kernel/cancellation.js';
import { SHORTAGES } from '../kernel/errno.js';
import { installed } from '../kernel/installed.js';
import { Kernel } from '../kernel/kernel.js';
import { shim } from '../kernel/shim.js';
import type { StepListener } from '../kernel/step.js';
import { fromPortable, type Report, type Task } from './messages.js';
import type { OperationName, RequestOf, ResultOf } from './operations.js';

/** How an operation is accompanied. */
export interface Accompaniment<Result> {
  readonly onStep?: StepListener | undefined;
  readonly signal?: AbortSignal | undefined;
  /** It may have to wait for a key or a lock: then it does not count among the operations that take turns. */
  readonly mayWait?: boolean;
  /** Takes back what was made, when the listener threw or the signal came too late to prevent it. */
  readonly undo?: (made: Result) => unknown;
}

/** So many operations go on at once; others wait for their turn. A thread takes some milliseconds and megabytes. */
const AT_ONCE = 16;
/** Milliseconds without the end of any of these, after which the oldest is not counted: it may wait for a disk that does not answer. */
const STANDSTILL = 2000;
/** So many threads are kept for what comes next. They do not keep the process alive. */
const KEPT = 4;

// A descriptor that a thread opens is the process's, and stays open when the thread ends.
const WORKER = 'dist/module/worker.js';
// The environment, as it is when the operation begins and not when the thread was made.
const THREAD: WorkerOptions = { execArgv: [], trackUnmanagedFds: false, env: SHARE_ENV };

const idle: Worker[] = [];
const waiting: (() => void)[] = [];
const running = new Set<() => void>();
/** Those whose turn it is, the oldest first. */
const turns = new Set<symbol>();
let standstill: NodeJS.Timeout | undefined;

/**
 * Does an operation in a thread of its own, so that this one's event loop goes on.
 *
 * @throws DmfdError as the operation does; what the listener threw; the signal's reason
 */
export async function inThread<Name extends OperationName>(
  operation: Name,
  request: RequestOf<Name>,
  accompaniment: Accompaniment<ResultOf<Name>> = {},
): Promise<ResultOf<Name>> {
  const { signal, mayWait = false } = accompaniment;
  signal?.throwIfAborted();
  if (mayWait) return await withThread(operation, request, accompaniment);
  const own = await turn(signal);
  try {
    return await withThread(operation, request, accompaniment);
  } finally {
    endTurn(own);
  }
}

async function withThread<Name extends OperationName>(
  operation: Name,
  request: RequestOf<Name>,
  { onStep, signal, undo }: Accompaniment<ResultOf<Name>>,
): Promise<ResultOf<Name>> {
  // It may have come while a turn was waited for.
  signal?.throwIfAborted();
  // The calls are made in the thread; the listener is the caller's, and is told here.
  const kernel = new Kernel(onStep);
  const canceling = startCanceling(signal);
  try {
    const { cancellation } = canceling;
    const task: Task = { operation, request, tellSteps: onStep !== undefined, cancellation };
    const report = await perform(task, (step) => kernel.tell(step));
    if ('result' in report) {
      const result = report.result as ResultOf<Name>;
      if (kernel.thrown === undefined && !signal?.aborted) return result;
      await undo?.(result);
    }
    if (kernel.thrown !== undefined) throw kernel.thrown.error;
    signal?.throwIfAborted();
    throw 'failure' in report ? fromPortable(report.failure) : new Canceled();
  } finally {
    canceling.end();
  }
}

async function turn(signal: AbortSignal | undefined): Promise<symbol> {
  const own = Symbol();
  if (turns.size < AT_ONCE) {
    turns.add(own);
    return own;
  }
  await new Promise<void>((resolve, reject) => {
    const begin = (): void => {
      stopHearing();
      turns.add(own);
      resolve();
    };
    const stopHearing = onAbort(signal, () => {
      waiting.splice(waiting.indexOf(begin), 1);
      reject(signal?.reason);
    });
    waiting.push(begin);
    watchStandstill();
  });
  return own;
}

const listening = new WeakMap<AbortSignal, Set<() => void>>();

/** One listener for a signal, whatever number of operations it is for: Node would warn of a leak. Returns how to hear no more. */
function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => undefined;
  const listeners = listening.get(signal) ?? new Set();
  if (!listening.has(signal)) {
    listening.set(signal, listeners);
    signal.addEventListener('abort', () => {
      for (const each of [...listeners]) each();
    });
  }
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function endTurn(own: symbol): void {
  clearTimeout(standstill);
  standstill = undefined;
  passTurn(own);
  watchStandstill();
}

/** Has the next operation that waits begin, unless this one has lost its turn already. */
function passTurn(from: symbol): void {
  if (turns.delete(from)) waiting.shift()?.();
}

function watchStandstill(): void {
  if (waiting.length === 0) return;
  standstill ??= setTimeout(() => {
    standstill = undefined;
    const [oldest] = turns;
    if (oldest !== undefined) passTurn(oldest);
    watchStandstill();
  }, STANDSTILL);
}

/** Ends the waits of an operation when the signal comes, and when the process exits, which would wait for the thread. */
function startCanceling(signal: AbortSignal | undefined): { cancellation: Cancellation; end(): void } {
  const cancellation = {
    flag: new Int32Array(new SharedArrayBuffer(4)),
    event: shim.cancelEvent(),
  };
  const cancel = (): void => {
    Atomics.store(cancellation.flag, 0, 1);
    Atomics.notify(cancellation.flag, 0);
    if (cancellation.event >= 0) writeSync(cancellation.event, BigUint64Array.of(1n));
  };
  if (running.size === 0) process.on('exit', cancelAll);
  running.add(cancel);
  const stopHearing = onAbort(signal, cancel);
  return {
    cancellation,
    end: () => {
      stopHearing();
      running.delete(cancel);
      if (running.size === 0) process.off('exit', cancelAll);
      if (cancellation.event >= 0) shim.close(cancellation.event);
    },
  };
}

function cancelAll(): void {
  for (const cancel of running) cancel();
}

/** Rejects only when the thread itself fails. */
function perform(task: Task, listen: StepListener): Promise<Exclude<Report, { step: unknown }>> {
  const worker = idle.pop() ?? new Worker(installed(WORKER), THREAD);
  return new Promise((resolve, reject) => {
    const onMessage = (report: Report): void => {
      if ('step' in report) {
        listen(report.step);
        return;
      }
      settle();
      keep(worker);
      resolve(report);
    };
    const onError = (error: Error): void => {
      settle();
      reject(asShortage(error) ?? error);
    };
    const onExit = (status: number): void =>
      onError(new Error(`the thread ended with ${status} before it had answered`));
    const settle = (): void => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit).unref();
    };
    worker.on('message', onMessage).on('error', onError).on('exit', onExit).ref();
    try {
      worker.postMessage(task);
    } catch (error) {
      // What cannot pass between threads.
      settle();
      keep(worker);
      reject(error);
    }
  });
}

/** undefined for any other end of a thread, which is a fault of dmfd's. */
function asShortage(error: Error): DmfdError | undefined {
  const isOfRoom = ['ERR_WORKER_INIT_FAILED', 'ERR_WORKER_OUT_OF_MEMORY', ...SHORTAGES].includes(
    codeOf(error),
  );
  if (!isOfRoom) return undefined;
  return new DmfdError('resource-limit', `a thread could not be made: ${error.message}`, {
    hint: 'raise the limit on descriptors (ulimit -n), or do less at once',
    cause: error,
  });
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}

function keep(worker: Worker): void {
  if (idle.length < KEPT) idle.push(worker);
  else void worker.terminate();
}
