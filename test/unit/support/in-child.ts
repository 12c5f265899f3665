import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
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
  let stdout = '';
  let stderr = '';
  process_.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  process_.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const result = new Promise<ChildResult>((resolve, reject) => {
    process_.on('error', reject).on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const wrote = (words: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => stdout.includes(words) && resolve();
      look();
      process_.stdout.on('data', look);
      process_.on('close', () => reject(new Error(`it ended without ${words}: ${stdout}${stderr}`)));
    });
  return { process: process_, wrote, result };
}
