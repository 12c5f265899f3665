/** A line of `KEY="value"` pairs, as the programs of util-linux print them; `\xNN` stands for a byte. */
export function parsePairs(line: string): ReadonlyMap<string, string> {
  return new Map(
    Array.from(line.matchAll(/([A-Z_]+)="((?:[^"\\]|\\.)*)"/g), ([, key = '', value = '']) => [
      key,
      decode(value),
    ]),
  );
}

function decode(value: string): string {
  const bytes = Buffer.from(value)
    .toString('latin1')
    .replace(/\\x([0-9a-f]{2})|\\(.)/gi, (_, hex, plain) =>
      hex === undefined ? plain : String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return Buffer.from(bytes, 'latin1').toString();
}
