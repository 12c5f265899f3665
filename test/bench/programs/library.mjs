// What a device costs a program that has the library: node library.js INDEX HOW COUNT
// INDEX is dist/module/index.js; HOW is "sync" or "threads". Makes COUNT devices, holds them and lets go of them; prints the nanoseconds.
const [index, how, count] = process.argv.slice(2);
const { createDevice, createDeviceSync } = await import(index);
const request = { table: '0 8 zero' };
const make = how === 'sync' ? createDeviceSync : createDevice;
// The first one loads the shim, and starts a thread.
(await make(request)).close();
const since = process.hrtime.bigint();
const held = [];
for (let made = 0; made < Number(count); made++)
  held.push(how === 'sync' ? make(request) : await make(request));
for (const device of held) device.close();
console.log(String(process.hrtime.bigint() - since));
