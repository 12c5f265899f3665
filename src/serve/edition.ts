import { installed } from '../kernel/installed.js';
import { libraryPath } from '../kernel/shim.js';
import { editionOf } from './launcher/edition.js';

/** What threads and processes of the service load, some of them only later. */
const FILES = [
  'dist/command/dmfd.cjs',
  'dist/command/serve.cjs',
  'dist/command/warm.cjs',
  'dist/module/shared.js',
  'dist/module/worker.js',
];

/** Remembers the edition of dmfd that is installed now; the function tells whether another one has come in its place. */
export function rememberEdition(): () => boolean {
  const paths = [...FILES.map(installed), libraryPath()];
  const remembered = paths.map(editionOf);
  return () => paths.some((path, index) => !remembered[index]?.equals(editionOf(path)));
}
