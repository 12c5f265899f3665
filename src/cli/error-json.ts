import type { DmfdError } from '../errors.js';

/** An error in JSON, for programs. The hint is the library's own: a request in JSON has properties, not options. */
export function errorJson(error: DmfdError): object {
  const { kind, code, message, operation, errno, device, kernelLog, hint } = error;
  return { kind, code, message, operation, errno, device, kernelLog, hint };
}
