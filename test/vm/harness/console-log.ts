import { existsSync, readFileSync } from 'node:fs';

/** The last lines of a guest's console log. */
export function consoleTail(file: string, lines: number): string {
  if (!existsSync(file)) return '(nothing was printed)';
  return lastLines(readConsole(file), lines);
}

/** The lines that tell a dead kernel's reason: from where it says so, or else the last ones. */
export function crashReport(file: string): string {
  if (!existsSync(file)) return '(nothing was printed)';
  const lines = readConsole(file).trimEnd().split('\n');
  const crash = lines.findIndex((line) => /Kernel panic|Oops:|BUG: |general protection fault/.test(line));
  return (crash < 0 ? lines.slice(-30) : lines.slice(crash, crash + 40)).join('\n');
}

/** What was printed after the last occurrence of a marker, cut to the last lines. */
export function linesSince(file: string, marker: string, lines: number): string {
  const text = readConsole(file);
  const start = text.lastIndexOf(marker);
  return lastLines(start < 0 ? text : text.slice(start + marker.length), lines);
}

/** The serial console ends its lines with CR LF. */
function readConsole(file: string): string {
  return readFileSync(file, 'utf8').replaceAll('\r', '');
}

function lastLines(text: string, lines: number): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
