import { existsSync, readFileSync } from 'node:fs';

/** The last lines of a guest's console log. */
export function consoleTail(file: string, lines: number): string {
  if (!existsSync(file)) return '(nothing was printed)';
  const text = readFileSync(file, 'latin1').replaceAll('\r', '').trimEnd();
  return text.split('\n').slice(-lines).join('\n');
}
