/** A segment's line in a table, except its start. */
export interface Part {
  /** Sectors of 512 bytes. */
  readonly length: bigint;
  readonly target: string;
  readonly params: string;
}

/** The line of a part, from its words. */
export function part(target: string, length: bigint, ...words: readonly (string | bigint | number)[]): Part {
  return { target, length, params: words.join(' ') };
}
