/**
 * Makes so many devices over the file, all of one name, each gone before the next, with a link that udev makes, or dmfd, or both.
 * Prints what went wrong.
 */
import { fstatSync, statSync, writeSync } from 'node:fs';
import { createDevice, waitGone } from 'dmfd';

const [file, count] = process.argv.slice(2);
const SECONDS = 60;
const WAYS = [
  { udev: 'quiet', mapperLink: true },
  { udev: 'full', udevWait: SECONDS * 1000 },
  { udev: 'none', mapperLink: true },
];
const LINK = '/dev/mapper/round';

for (let index = 0; index < Number(count); index++) {
  const way = WAYS[index % WAYS.length];
  try {
    await round(way);
  } catch (error) {
    console.log(`round ${index}, ${way.udev}: ${error.message}`);
  }
}

async function round(way) {
  const segments = [{ target: 'linear', backing: file }];
  const device = await createDevice({ name: 'round', segments, ...way });
  try {
    for (const warning of device.warnings) console.log(warning);
    writeSync(device.fd, Buffer.alloc(4096, 1));
    const led = statSync(LINK).rdev;
    if (led !== fstatSync(device.fd).rdev) throw new Error(`${LINK} leads to device ${led}`);
  } finally {
    device.close();
  }
  const { device: stays, loops } = await waitGone(device, SECONDS * 1000);
  if (stays || loops.length > 0) throw new Error(`still there after ${SECONDS} s`);
}
