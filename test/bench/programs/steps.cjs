/**
 * Does a part of what dmfd does, for a breakdown of what it takes:
 *
 *   steps.cjs CHECKOUT compile        reads and compiles the code of the command, with what V8 has kept of that
 *   steps.cjs CHECKOUT load           the same, and loads ffi-rs and the shim
 *   steps.cjs CHECKOUT plan TABLE     a plan of a device with the lines of a file, by the library
 *   steps.cjs CHECKOUT create TABLE   that device
 */
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const [checkout, what, table] = process.argv.slice(2);

function compileCommand() {
  const { cachePath, compile } = require(join(checkout, 'bin/dmfd.js'));
  const { cachedDataRejected } = compile(readFileSync(cachePath()));
  if (cachedDataRejected) throw new Error('V8 cannot use what it has kept');
}

function loadShim() {
  // As dmfd does: ffi-rs itself would find out first which package that is.
  const { open } = require(join(checkout, 'node_modules/@yuuang/ffi-rs-linux-x64-gnu'));
  open({ library: 'dmfd', path: join(checkout, 'native-shims/build/libdmfd.so') });
}

async function withLibrary() {
  const { createDeviceSync, planDeviceSync } = await import(join(checkout, 'dist/module/index.js'));
  const request = { table: readFileSync(table, 'utf8') };
  if (what === 'plan') planDeviceSync(request);
  else createDeviceSync(request).close();
}

if (what === 'compile' || what === 'load') compileCommand();
if (what === 'load') loadShim();
if (what === 'plan' || what === 'create') void withLibrary();
