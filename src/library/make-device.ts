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
    mayWait: mayWait(request),
    undo: (made) => new Device(made.facts, made.fd).close(),
  });
  return new Device(facts, fd);
}

/** Whether the making of a device waits for more than the kernel: for a key that has to be entered, or for udev. */
export function mayWait({ below, key, udevWait }: CheckedRequest): boolean {
  const keys = [...below.map((layer) => layer.key), key];
  return udevWait !== undefined || keys.some((source) => source !== undefined && !('random' in source));
}
