/** A line of input, without its end; undefined is one that is too long, and was read away. */
export interface InputLine {
  /** Counted from 1. */
  readonly number: number;
  readonly bytes: Buffer | undefined;
}

/** Bytes; a table of a million lines has about half of that. */
export const LONGEST_LINE = 64 * 1024 * 1024;

const NEWLINE = 0x0a;
const BLANK: readonly number[] = [0x20, 0x09, 0x0d];

/** Parts what comes into lines; blank ones are counted, and left out. The last one need not have an end. */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  longest = LONGEST_LINE,
): AsyncGenerator<InputLine> {
  const line = new Line(longest);
  let number = 1;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      line.add(chunk.subarray(from, end));
      if (!line.isBlank()) yield { number, bytes: line.take() };
      line.clear();
      number++;
      from = end + 1;
    }
    line.add(chunk.subarray(from));
  }
  if (!line.isBlank()) yield { number, bytes: line.take() };
}

/** A line, as far as it has come. */
class Line {
  #parts: Buffer[] = [];
  #length = 0;

  constructor(private readonly longest: number) {}

  add(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > this.longest) this.#parts = [];
    else this.#parts.push(part);
  }

  isBlank(): boolean {
    return (
      this.#length <= this.longest && this.#parts.every((part) => part.every((byte) => BLANK.includes(byte)))
    );
  }

  take(): Buffer | undefined {
    return this.#length > this.longest ? undefined : Buffer.concat(this.#parts);
  }

  clear(): void {
    this.#parts = [];
    this.#length = 0;
  }
}
