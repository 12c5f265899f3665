/**
 * Descriptions of Varlink interfaces (https://varlink.org/Interface-Definition): what methods there are, and what goes in and
 * out of them. Without the types that no interface here has: float, object, and [string].
 *
 * @module
 */

/** The type of a value. */
export type Type =
  | { readonly kind: 'bool' | 'int' | 'string' }
  | { readonly kind: 'maybe' | 'array'; readonly of: Type }
  | { readonly kind: 'enum'; readonly words: readonly string[] }
  | { readonly kind: 'struct'; readonly fields: Fields }
  | { readonly kind: 'named'; readonly name: string };

export type Fields = ReadonlyMap<string, Type>;

export interface Method {
  readonly input: Fields;
  readonly output: Fields;
}

/** An interface, by the names of what it has. */
export interface Interface {
  readonly name: string;
  readonly types: ReadonlyMap<string, Type>;
  readonly methods: ReadonlyMap<string, Method>;
  readonly errors: ReadonlyMap<string, Fields>;
}

const TOKEN = /[A-Za-z][\w.-]*|->|\[\]|[?():,]/y;
const SPACE = /(?:\s|#[^\n]*)*/y;
const PLAIN = ['bool', 'int', 'string'] as const;

/** @throws Error for what is no description */
export function parseInterface(text: string): Interface {
  return new Parser(text).parse();
}

/** Takes the text apart, from the start to the end. */
class Parser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  parse(): Interface {
    this.#expect('interface');
    const name = this.#next();
    const types = new Map<string, Type>();
    const methods = new Map<string, Method>();
    const errors = new Map<string, Fields>();
    while (this.#at < this.#tokens.length) {
      const keyword = this.#next();
      const member = this.#next();
      if ([types, methods, errors].some((members) => members.has(member))) throw new Error(`${member} twice`);
      if (keyword === 'type') types.set(member, this.#type());
      else if (keyword === 'error') errors.set(member, this.#fields());
      else if (keyword === 'method') methods.set(member, this.#method());
      else throw new Error(`${keyword} ${member}: no type, method or error`);
    }
    return { name, types, methods, errors };
  }

  #method(): Method {
    const input = this.#fields();
    this.#expect('->');
    return { input, output: this.#fields() };
  }

  #fields(): Fields {
    const type = this.#type();
    if (type.kind === 'struct') return type.fields;
    throw new Error('fields in parentheses are needed');
  }

  #type(): Type {
    const token = this.#next();
    if (token === '?') return { kind: 'maybe', of: this.#type() };
    if (token === '[]') return { kind: 'array', of: this.#type() };
    if (token === '(') return this.#listed();
    const plain = PLAIN.find((kind) => kind === token);
    return plain === undefined ? { kind: 'named', name: token } : { kind: plain };
  }

  /** `(name: type, …)`, or `(word, …)`. */
  #listed(): Type {
    const fields = new Map<string, Type>();
    const words: string[] = [];
    while (this.#tokens[this.#at] !== ')') {
      if (fields.size + words.length > 0) this.#expect(',');
      const name = this.#next();
      if (this.#tokens[this.#at] !== ':') words.push(name);
      else {
        this.#expect(':');
        fields.set(name, this.#type());
      }
    }
    this.#expect(')');
    if (words.length === 0) return { kind: 'struct', fields };
    if (fields.size === 0) return { kind: 'enum', words };
    throw new Error(`${words[0]}: it has no type`);
  }

  #next(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new Error('it ends too early');
    return token;
  }

  #expect(wanted: string): void {
    const token = this.#next();
    if (token !== wanted) throw new Error(`${token}, where ${wanted} is needed`);
  }
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  for (let at = afterSpace(text, 0); at < text.length; ) {
    TOKEN.lastIndex = at;
    const [token] = TOKEN.exec(text) ?? [];
    if (token === undefined) throw new Error(`${JSON.stringify(text.slice(at, at + 20))}: what is that?`);
    tokens.push(token);
    at = afterSpace(text, at + token.length);
  }
  return tokens;
}

function afterSpace(text: string, at: number): number {
  SPACE.lastIndex = at;
  SPACE.exec(text);
  return SPACE.lastIndex;
}
