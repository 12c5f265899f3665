// Keeps what V8 makes of compiling the command line, beside it, for starts with the Node that runs this. Without that, and with
// another Node, dmfd does the same and takes longer to start.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { basename, dirname, join } = require('node:path');
const { cachePath, compile, run } = require('./dmfd.js');

/** What is kept is what this takes: all of it would take longer to read than what is used takes to compile. */
const REHEARSED = ['create', '--table', '0 8 zero', '--', process.execPath];

/** Of the shim, what makes nothing. */
const HARMLESS = ['dmfd_layout', 'dmfd_random'];
/** What else it is asked, a kernel answers that does all, but for these; the rest is 0. A descriptor that is none, ENXIO, ENOENT. */
const ANSWERS = { dmfd_open: 2 ** 20, dmfd_ioctl: -6, dmfd_leave_wait: -2 };

if (process.argv.length === 2) {
  // Of a process of its own, which has these words: the command line reads them where the kernel has them.
  const { status } = spawnSync(process.execPath, [__filename, ...REHEARSED], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} else {
  // As the launcher notes it.
  process.env.DMFD_CALLER = `pid=${process.pid};ignored=0;blocked=0;pending=0;nofile=1024:4096;fds=0-2;launcher=/`;
  const asked = [];
  pretendKernel(asked);
  const script = compile();
  const { exit } = process;
  const { writeSync } = fs;
  fs.writeSync = (_fd, bytes) => bytes.length;
  process.exit = () => {
    Object.assign(fs, { writeSync });
    keep(script.createCachedData());
    const whole = asked.includes('dmfd_end');
    if (!whole)
      console.error(`bin/compile.js: no more of dmfd is compiled than up to ${asked.at(-1) ?? 'the shim'}`);
    exit(whole ? 0 : 1);
  };
  run(script, process.argv.slice(2));
}

function pretendKernel(asked) {
  const { dlopen } = process;
  process.dlopen = (addon, ...rest) => {
    dlopen.call(process, addon, ...rest);
    const { load } = addon.exports;
    const pretend = (call) => {
      asked.push(call.funcName);
      return HARMLESS.includes(call.funcName) ? load(call) : (ANSWERS[call.funcName] ?? 0);
    };
    addon.exports = { ...addon.exports, load: pretend };
  };
}

/** V8 does not see that one is damaged: after a power failure there is either all of it or nothing. */
function keep(data) {
  const path = cachePath();
  const fd = fs.openSync(`${path}.new`, 'w', 0o644);
  fs.writeSync(fd, data);
  fs.fsyncSync(fd);
  fs.closeSync(fd);
  fs.renameSync(`${path}.new`, path);
  // Those of a Node that was there before, which nobody would remove.
  for (const name of fs.readdirSync(dirname(path)))
    if (/^dmfd\.cjs\..*\.cache$/.test(name) && name !== basename(path))
      fs.unlinkSync(join(dirname(path), name));
}
