/** Makes so many devices over the file, one after the other, each gone before the next. Prints how many disk sequence numbers
 * they had: without any, all have 0. */
import assert from 'node:assert/strict';
import { writeSync } from 'node:fs';
import { createDevice, waitGone } from 'dmfd';

const [file, count] = process.argv.slice(2);
const diskseqs = new Set();
for (let index = 0; index < Number(count); index++) {
  const device = await createDevice({ name: `row-${index}`, table: '0 8 linear {loop0} 0', loop: [file] });
  diskseqs.add(device.diskseq);
  writeSync(device.fd, Buffer.alloc(4096, index));
  device.close();
  assert.deepEqual(
    await waitGone(device, 10_000),
    { device: false, below: [], loops: [] },
    `device ${index}`,
  );
}
console.log(diskseqs.size);
