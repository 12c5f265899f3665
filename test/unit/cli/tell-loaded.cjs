// At its end, a process tells on stderr what of Node, and which libraries, it has loaded since this.
const { readFileSync, writeSync } = require('node:fs');

const before = new Set(process.moduleLoadList);
process.on('exit', () => {
  const modules = process.moduleLoadList.filter((one) => !before.has(one) && one.startsWith('NativeModule '));
  const mapped = readFileSync('/proc/self/maps', 'utf8').match(/[^/]*\.(node|so)$/gm) ?? [];
  writeSync(2, [...modules.map((one) => one.split(' ')[1]), ...new Set(mapped)].join(' '));
});
