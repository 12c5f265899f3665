/** Gives the descriptor to a child, which is then the last holder. Says "ok" at the end. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createDevice, findHolders, waitGone } from 'dmfd';

const device = await createDevice({ table: '0 8 zero' });
const script = 'ls /proc/$$/fd; stat -Lc %F /proc/$$/fd/3; echo; read line';
const child = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit', device.fd] });
device.close();

let output = '';
for await (const chunk of child.stdout) {
  output += chunk;
  if (output.endsWith('\n\n')) break;
}
assert.equal(output, '0\n1\n2\n3\nblock special file\n\n');
assert.deepEqual(await findHolders(device), [`process ${child.pid} (sh)`]);
assert.deepEqual(await waitGone(device, 300), { device: true, below: [], loops: [] });
child.stdin.end('end\n');
await once(child, 'exit');
assert.deepEqual(await waitGone(device, 10_000), { device: false, below: [], loops: [] });
console.log('ok');
