import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A file of the built package, for a test that needs a process of its own. */
export function distribution(file: string): string {
  return built(`../../../dist/${file}`, 'make build');
}

/** The command itself, as it is installed. */
export function executable(): string {
  distribution('command/dmfd.cjs');
  return built('../../../native-shims/build/dmfd', 'make build');
}

function built(relative: string, how: string): string {
  const path = fileURLToPath(new URL(relative, import.meta.url));
  if (!existsSync(path)) throw new Error(`${path} does not exist: ${how}`);
  return path;
}
