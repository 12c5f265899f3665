/**
 * Makes devices until its standard input ends or somebody kills it: of no file and of a file, some of them handed to a
 * command that holds them for a moment. A line for each. Argument: the file.
 */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createDeviceSync } from 'dmfd';
import { goesOn } from './goes-on.mjs';

const [directory] = process.argv.slice(2);
const file = `${directory}/${process.pid}.img`;
closeSync(openSync(file, 'w'));
const image = openSync(file, 'r+');
writeSync(image, Buffer.alloc(65_536));

while (goesOn()) {
  const overFile = randomInt(2) === 1;
  try {
    const device = createDeviceSync(
      overFile
        ? { table: '0 128 linear {loop0} 0', loop: [file], sharedLoop: true }
        : { table: '0 128 zero' },
    );
    if (randomInt(4) === 0) {
      const seconds = (randomInt(2000) / 1000).toFixed(3);
      spawn('sleep', [seconds], { stdio: ['ignore', 'ignore', 'ignore', device.fd] }).on('error', () => {});
    }
    device.close();
    console.log('made');
  } catch (error) {
    // A killed shield; what it had made was taken back. The file's loop device may be on its way out, too.
    console.log(error.code ?? error.message);
  }
  await nextTurn();
}
