/** One line of a table. */
export interface Target {
  /** First sector (of 512 bytes) of the device that this target serves. */
  readonly start: bigint;
  /** Sectors of 512 bytes. */
  readonly length: bigint;
  readonly type: string;
  /** The target's arguments, untouched. */
  readonly params: string;
}

const SPACE = ' '.charCodeAt(0);
const TILDE = '~'.charCodeAt(0);
const DASH = '-'.charCodeAt(0);
const ZERO = '0'.charCodeAt(0);
const [A, Z] = ['a'.charCodeAt(0), 'z'.charCodeAt(0)];

/** A number of so many digits is exact. */
const MOST_DIGITS = 15;
const LONGEST_TYPE = 15;

/**
 * Reads lines such as most tables have in their thousands, in which nothing needs a closer look: `start length type params`, with a
 * space between the words, and printable ASCII. That takes a third of the time that regular expressions take.
 */
export class PlainLines {
  readonly #text: string;
  #at = 0;
  #end = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /**
   * The line from `from` to `end`.
   *
   * @param next the sector where it has to start
   * @returns undefined for all other lines, and for those that are not right here
   */
  read(from: number, end: number, next: bigint): Target | undefined {
    this.#at = from;
    this.#end = end;
    const start = this.#number();
    const length = this.#number();
    if (start < 0 || length <= 0 || BigInt(start) !== next) return undefined;
    const type = this.#type();
    const params = this.#params();
    if (type === undefined || params === undefined) return undefined;
    return { start: next, length: BigInt(length), type, params };
  }

  /** And the space after it. -1 for everything else. */
  #number(): number {
    const from = this.#at;
    let number = 0;
    for (; this.#at < this.#end; this.#at++) {
      const digit = this.#text.charCodeAt(this.#at) - ZERO;
      if (digit < 0 || digit > 9) break;
      number = number * 10 + digit;
    }
    const digits = this.#at - from;
    if (digits === 0 || digits > MOST_DIGITS || !this.#skipSpace()) return -1;
    return number;
  }

  #type(): string | undefined {
    const from = this.#at;
    for (; this.#at < this.#end; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if ((code < A || code > Z) && code !== DASH) break;
    }
    const length = this.#at - from;
    return length === 0 || length > LONGEST_TYPE ? undefined : this.#text.slice(from, this.#at);
  }

  /** All that is left. */
  #params(): string | undefined {
    if (this.#at === this.#end) return '';
    if (!this.#skipSpace()) return undefined;
    const from = this.#at;
    for (; this.#at < this.#end; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (code < SPACE || code > TILDE) return undefined;
    }
    const isTrimmed = this.#text.charCodeAt(from) !== SPACE && this.#text.charCodeAt(this.#end - 1) !== SPACE;
    return isTrimmed ? this.#text.slice(from, this.#end) : undefined;
  }

  #skipSpace(): boolean {
    return this.#at < this.#end && this.#text.charCodeAt(this.#at++) === SPACE;
  }
}
