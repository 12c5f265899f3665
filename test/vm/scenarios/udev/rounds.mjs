/**
 * Makes so many devices over the file, all of one name, each gone before the next; with the links of udev for every
 * third one. Prints what went wrong.
 */
import { fstatSync, statSync, writeSync } from 'node:fs';
import { createDevice, waitGone } from 'dmfd';

const [file, count] = process.argv.slice(2);
const MODES = ['quiet', 'full', 'none'];
const SECONDS = 60;
const LINK = '/dev/mapper/round';

for (let index = 0; index < Number(count); index++) {
  const udev = MODES[index % MODES.length];
  try {
    await round(udev);
  } catch (error) {
    console.log(`round ${index}, ${udev}: ${error.message}`);
  }
}

async function round(udev) {
  const wait = udev === 'full' ? { udevWait: SECONDS * 1000 } : {};
  const segments = [{ target: 'linear', backing: file }];
  const device = await createDevice({ name: 'round', segments, udev, ...wait });
  try {
    for (const warning of device.warnings) console.log(warning);
    writeSync(device.fd, Buffer.alloc(4096, 1));
    if (udev === 'full') {
      const led = statSync(LINK).rdev;
      if (led !== fstatSync(device.fd).rdev) throw new Error(`${LINK} leads to device ${led}`);
    }
  } finally {
    device.close();
  }
  const { device: stays, loops } = await waitGone(device, SECONDS * 1000);
  if (stays || loops.length > 0) throw new Error(`still there after ${SECONDS} s`);
}
