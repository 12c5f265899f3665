import type { DmfdError } from '../errors.js';

/** What programs are told of an error. The hint is the library's own: who asks in JSON has properties, and no options. */
export function errorJson(error: DmfdError): object {
  const { kind, code, message, operation, errno, device, kernelLog, hint } = error;
  return { kind, code, message, operation, errno, device, kernelLog, hint };
}
