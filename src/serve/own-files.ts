/** Names of files that are another one for each process. */
const OWN = /\/proc\/(self|thread-self)\b|\/dev\/(fd|stdin|stdout|stderr)\b/;

/** Whether a path, or a word with one, may name a file that the process has open which looks it up. */
export function namesOwnFile(word: string): boolean {
  return OWN.test(word);
}
