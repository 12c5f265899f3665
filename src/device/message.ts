import { type DeviceNumber, formatDeviceNumber } from '../dm/device-number.js';
import type { DmControl } from '../kernel/dm-control.js';
import { describeErrno, errnoError } from '../kernel/errno.js';
import type { KernelLog } from '../kernel/kernel-log.js';
import type { Message } from './request.js';

/** The first word of a message: others may be secret. */
export function formatMessage(text: string): string {
  const [word = '', ...others] = text.trim().split(/\s+/);
  return JSON.stringify(others.length === 0 ? word : `${word} …`);
}

/**
 * Tells the targets of a live device what they are to be told.
 *
 * @throws DmfdError `kernel` for a message that is refused
 */
export function sendMessages(
  dm: DmControl,
  device: DeviceNumber & { readonly name: string },
  messages: readonly Required<Message>[],
  log: KernelLog,
): void {
  for (const message of messages) {
    const result = dm.message(device, message);
    if (result >= 0) continue;
    throw errnoError('DM_TARGET_MSG', describeErrno(-result), {
      code: 'kernel-refused',
      subject: `device ${device.name}, message ${formatMessage(message.text)}`,
      device: device.name,
      kernelLog: log.deviceMapperLines(formatDeviceNumber(device)),
      hint: 'the documentation of the target says which messages it takes; some targets take none',
    });
  }
}
