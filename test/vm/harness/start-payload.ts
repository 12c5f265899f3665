const stdinMode = { null: 0, pipe: 1, closed: 2 } as const;

export interface StartRequest {
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd: string;
  stdin: keyof typeof stdinMode;
  /** 0: no limit. */
  timeoutMs: number;
}

/** The payload of a start frame: `struct start_payload` and the NUL-ended strings after it. */
export function encodeStart(request: StartRequest): Buffer {
  const env = Object.entries(request.env).map(([name, value]) => `${name}=${value}`);
  const strings = [request.cwd, ...request.argv, ...env];
  const bad = strings.find((text) => text.includes('\0'));
  if (bad !== undefined) throw new TypeError(`a NUL cannot be part of a command: ${JSON.stringify(bad)}`);
  if (request.argv.length === 0) throw new TypeError('a command needs at least a program');

  const head = Buffer.alloc(16);
  head.writeUInt32LE(stdinMode[request.stdin], 0);
  head.writeUInt32LE(Math.ceil(request.timeoutMs), 4);
  head.writeUInt32LE(request.argv.length, 8);
  head.writeUInt32LE(env.length, 12);
  return Buffer.concat([head, Buffer.from(strings.map((text) => `${text}\0`).join(''))]);
}
