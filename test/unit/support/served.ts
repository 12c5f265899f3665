import { runWords } from '../../../src/cli/run-words.js';
import { NOBODY, serve } from '../../../src/handoff/served.js';

/** What a service that does this for a launcher tells it, whether it fails or not. */
export async function servedWords(
  words: readonly string[],
  check: (run: Promise<unknown>) => Promise<void>,
): Promise<[fd: number, text: string][]> {
  const written: [fd: number, text: string][] = [];
  serve({ ...NOBODY, write: (fd, bytes) => written.push([fd, bytes.toString()]) });
  try {
    await check(runWords([...words]));
  } finally {
    serve(undefined);
  }
  return written;
}
