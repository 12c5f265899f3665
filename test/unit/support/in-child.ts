import { type ChildProcessByStdio, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { distribution } from './distribution.js';

/** How a child ended, and what it wrote. */
export interface ChildResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A Node process of its own: it may end, lose its signal handlers, become something else. */
export interface NodeChild {
  readonly process: ChildProcessWithoutNullStreams;
  /** Resolves when the child has written this. */
  wrote(words: string): Promise<void>;
  readonly result: Promise<ChildResult>;
}

/** Starts a module that sees the built package's modules by their names: `{ hold: 'handoff/hold.js' }`. */
export function startNode(
  imports: Readonly<Record<string, string>>,
  body: string,
  wrapper: readonly string[] = [],
): NodeChild {
  const lines = Object.entries(imports).map(
    ([name, file]) => `import { ${name} } from ${JSON.stringify(distribution(file))};`,
  );
  const script = [...lines, "import fs from 'node:fs';", body].join('\n');
  const [program = '', ...words] = [...wrapper, process.execPath, '--input-type=module', '-e', script];
  const process_ = spawn(program, words, {
    env: { PATH: process.env.PATH },
  });
  const { written, result } = collected(process_);
  const wrote = (words: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => written.stdout.includes(words) && resolve();
      look();
      process_.stdout.on('data', look);
      process_.on('close', () =>
        reject(new Error(`it ended without ${words}: ${written.stdout}${written.stderr}`)),
      );
    });
  return { process: process_, wrote, result };
}

/** What a child has written so far, and how it ends. */
export function collected(child: ChildProcessByStdio<Writable | null, Readable, Readable>) {
  const written = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text) => {
      written[stream] += text;
    });
  const result = new Promise<ChildResult>((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve({ code, signal, ...written }));
  });
  return { written, result };
}
