/**
 * How rolldown makes one file of the command line, dist/command/dmfd.cjs: finding and reading sixty takes as long as Node itself
 * takes to start, and compiling long names longer. ora, and the service, are files of their own, because they are rarely needed; so is
 * the command line once more, with what answers launchers, for processes of the service. Of the library, too: dist/module/index.js,
 * with its own names, which a program's stack traces show.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'rolldown';

/** What Node has loaded anyway when it runs dmfd. */
const LOADED = ['buffer', 'events', 'fs', 'path', 'process', 'url', 'util'].map((name) => `node:${name}`);

const OWN_REQUIRE = '\0own-require';

/** Loads modules of Node's when they are first used: most commands never use child processes, threads, streams, and so on. */
const lazyModules = {
  name: 'lazy-modules',
  renderChunk: (code) =>
    code.replace(/\brequire\("(node:[\w/]+)"\)/g, (load, name) =>
      LOADED.includes(name) ? load : `loadedLater(() => ${load})`,
    ),
};

/**
 * What ES modules make of their URL, the bundle has: a require(), for which Node would load the loader of ES modules; and the way
 * to what it was installed with.
 */
const ownPlace = {
  name: 'own-place',
  resolveId: (source) => (source === 'node:module' ? OWN_REQUIRE : undefined),
  load(id) {
    if (id === OWN_REQUIRE) return 'export const createRequire = () => require;';
    if (!id.endsWith('/kernel/installed.js')) return undefined;
    return `import { join } from 'node:path'; export const installed = (path) => join(__filename, '../../..', path);`;
  },
};

const LOADED_LATER = `const loadedLater = (load) => {
  let loaded;
  return new Proxy({}, { get: (_, name) => (loaded ??= load())[name] });
};`;

const ORA = fileURLToPath(new URL('../dist/cli/ora.js', import.meta.url));
const BATCH = fileURLToPath(new URL('../dist/batch/main.js', import.meta.url));
const SERVE = fileURLToPath(new URL('../dist/serve/main.js', import.meta.url));

/** What the command line loads when it needs it. */
const ALL_BESIDE = { [ORA]: './ora.cjs', [BATCH]: './batch.cjs', [SERVE]: './serve.cjs' };

export default defineConfig([
  ofDmfd('dmfd', 'dist/cli/main.js', ALL_BESIDE),
  ofDmfd('batch', BATCH, { [ORA]: './ora.cjs' }),
  ofDmfd('serve', SERVE, { [ORA]: './ora.cjs' }),
  ofDmfd('warm', 'dist/serve/launcher/main.js', ALL_BESIDE),
  ofDmfd('watch-thread', 'dist/kernel/watch-thread.js'),
  { input: ORA, platform: 'node', output: output('ora') },
  {
    input: { index: 'dist/index.js', worker: 'dist/library/worker.js' },
    platform: 'node',
    external: ['ffi-rs'],
    output: { dir: 'dist/module', chunkFileNames: 'shared.js', comments: false },
  },
]);

/** @param beside other files, by the modules that they are made of */
function ofDmfd(name, input, beside = {}) {
  return {
    input,
    platform: 'node',
    external: ['ffi-rs', ...Object.keys(beside)],
    transform: { define: { 'import.meta.url': '__filename' } },
    plugins: [ownPlace, lazyModules],
    output: { ...output(name), intro: LOADED_LATER, paths: beside },
  };
}

function output(name) {
  return {
    file: `dist/command/${name}.cjs`,
    format: 'cjs',
    minify: true,
    charset: 'ascii',
    dynamicImportInCjs: false,
  };
}
