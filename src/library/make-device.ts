import { stat } from 'node:fs/promises';
import { Device } from '../device/handle.js';
import type { CheckedRequest } from '../device/request.js';
import type { StepListener } from '../kernel/step.js';
import { inThread } from './threads.js';

/** Makes a device in a thread of its own. @throws DmfdError as `createDevice`; the signal's reason */
export async function makeInThread(
  request: CheckedRequest,
  {
    signal,
    onStep,
  }: { readonly signal?: AbortSignal | undefined; readonly onStep?: StepListener | undefined },
): Promise<Device> {
  const { facts, fd } = await inThread('createDevice', request, {
    signal,
    onStep,
    mayWait: await mayWait(request),
    undo: (made) => new Device(made.facts, made.fd).close(),
  });
  return new Device(facts, fd);
}

/** Whether the making of a device waits for more than the kernel: for a key that has to be entered, or for udev. */
export async function mayWait({ below, key, udevWait }: CheckedRequest): Promise<boolean> {
  const keys = await Promise.all([...below.map((layer) => layer.key), key].map(mayBeAwaited));
  return udevWait !== undefined || keys.includes(true);
}

/** A key that is in a file is there. */
async function mayBeAwaited(key: CheckedRequest['key']): Promise<boolean> {
  if (key === undefined || 'random' in key) return false;
  try {
    return !(await stat('file' in key ? key.file : `/proc/self/fd/${key.fd}`)).isFile();
  } catch {
    return false;
  }
}
