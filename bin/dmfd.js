// Runs the command line, with what V8 has kept of compiling it (compile.js): to compile it takes a third as long as Node's own
// start. CommonJS (see package.json beside it): Node's loader of modules alone would cost a tenth of that.
refuseOldNode();
const { readFileSync, statSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const BUNDLE = join(__dirname, '../dist/command/dmfd.cjs');

/** Of these two files alone: V8 looks at its own version, and not at how it was built; and of what is compiled, at the length. */
function cachePath() {
  const files = [process.execPath, BUNDLE].map((file) => statSync(file));
  const names = files.flatMap(({ size, mtimeMs }) => [size, mtimeMs]);
  return [BUNDLE, process.version, process.arch, ...names, 'cache'].join('.');
}

/** @param cachedData of an earlier compilation; V8 leaves alone what it cannot use */
function compile(cachedData) {
  // As require() would wrap it. The bundle has no character beyond ASCII.
  const source = `(function (exports, require, __filename) { ${readFileSync(BUNDLE, 'latin1')}\n})`;
  return new Script(source, { filename: BUNDLE, cachedData });
}

function cachedData() {
  try {
    return readFileSync(cachePath());
  } catch {
    return undefined;
  }
}

function run(script, words) {
  const command = {};
  script.runInThisContext()(command, module.constructor.createRequire(BUNDLE), BUNDLE);
  command.main(words);
}

/** Once it has read this file, which has to have no words that an old one does not know; 12 does not know "node:fs". */
function refuseOldNode() {
  if (Number.parseInt(process.versions.node, 10) >= 20) return;
  const found = `${process.execPath} is Node ${process.versions.node}, and dmfd needs 20 or later`;
  const hint = 'install a later one, and have it before this one on the PATH';
  // biome-ignore lint/style/useNodejsImportProtocol: see above
  require('fs').writeSync(2, `dmfd: ${found}\n  hint: ${hint}\n`);
  process.exit(125);
}

if (require.main === module) run(compile(cachedData()), process.argv.slice(2));
else module.exports = { cachePath, compile, run };
