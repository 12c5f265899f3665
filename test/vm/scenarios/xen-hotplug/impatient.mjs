/** Adds the disk that XENBUS_PATH names as `dmfd xen-hotplug add` does, but with so many milliseconds for it: impatient.mjs LIMIT */
import { operate } from '../../../../dist/kernel/kernel.js';
import { addDisk } from '../../../../dist/xen/add.js';
import { parseVbd } from '../../../../dist/xen/vbd.js';

const vbd = parseVbd(process.env.XENBUS_PATH);
const request = {
  syntax: 'dmfd',
  readTable: undefined,
  beforePublishing: () => {},
  limit: Number(process.argv[2]),
};
try {
  operate(undefined, undefined, (kernel) => addDisk(kernel, vbd, request));
} catch ({ code, message }) {
  console.log(`${code}: ${message}`);
}
