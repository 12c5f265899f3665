/**
 * How rolldown makes one file of the command line, dist/command/dmfd.cjs: finding and reading sixty takes as long as Node itself
 * takes to start, and compiling long names longer. What is rarely needed is in files of its own: ora, batch and the service, and what
 * answers launchers, warm.cjs, which has the rest from dmfd.cjs. Of the library, too: dist/module/index.js, with its own names, which a
 * program's stack traces show. Beside them, what has to be said of the packages that are in them.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'rolldown';
import { noticesOf, packagesOf } from './notices.mjs';

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

const bundled = new Set();

const notices = {
  name: 'notices',
  generateBundle: (_, files) => {
    for (const { moduleIds = [] } of Object.values(files)) for (const id of moduleIds) bundled.add(id);
  },
  // The last of the bundles has those of all.
  writeBundle: () => writeFileSync('dist/command/THIRD-PARTY-NOTICES', noticesOf(packagesOf(bundled))),
};

const COMMAND = {
  dir: 'dist/command',
  entryFileNames: '[name].cjs',
  chunkFileNames: '[name].cjs',
  format: 'cjs',
  minify: true,
  charset: 'ascii',
  dynamicImportInCjs: false,
};

/** In the one file that V8's work is kept of: all that is not only for answering launchers. */
const IN_DMFD = { name: 'dmfd', test: (id) => !id.includes('/serve/launcher/') };
const IN_BOTH = { name: 'batch-and-serve', minShareCount: 2 };

export default defineConfig([
  ofDmfd({ dmfd: 'dist/cli/main.js', warm: 'dist/serve/launcher/main.js' }, ALL_BESIDE, IN_DMFD),
  ofDmfd({ batch: BATCH, serve: SERVE }, { [ORA]: './ora.cjs' }, IN_BOTH),
  ofDmfd({ 'watch-thread': 'dist/kernel/watch-thread.js' }),
  { input: { ora: ORA }, platform: 'node', plugins: [notices], output: COMMAND },
  {
    input: { index: 'dist/index.js', worker: 'dist/library/worker.js' },
    platform: 'node',
    external: ['ffi-rs'],
    plugins: [notices],
    output: { dir: 'dist/module', chunkFileNames: 'shared.js', comments: false },
  },
]);

/**
 * @param beside other files, by the modules that they are made of
 * @param common what several of them need, and its file; it may be one of them
 */
function ofDmfd(input, beside = {}, common = undefined) {
  return {
    input,
    preserveEntrySignatures: 'allow-extension',
    platform: 'node',
    external: ['ffi-rs', ...Object.keys(beside)],
    transform: { define: { 'import.meta.url': '__filename' } },
    plugins: [ownPlace, lazyModules, notices],
    output: { ...COMMAND, codeSplitting: common && { groups: [common] }, intro: LOADED_LATER, paths: beside },
  };
}
