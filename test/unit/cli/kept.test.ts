import { expect, test } from 'vitest';
import { OnlyByItself } from '../../../src/handoff/served.js';
import { servedWords } from '../support/served.js';

/** No device is called so. */
const NAME = 'no-such-device-of-this-test';

// That of `resize` is told when the device has been looked at.
test.each<[told: boolean, words: string[]]>([
  [true, ['rm', NAME]],
  [false, ['resize', NAME, '--to-backing']],
  [true, ['reap', NAME]],
  [false, ['reap', NAME, '--dry-run']],
  [false, ['rm']],
  [false, ['resize', NAME]],
  [false, ['swap', `/nonexistent/${NAME}`]],
])('what is not to be done twice is told before anything is done: %s, %j', async (told, words) => {
  const written = await servedWords(words, (run) => expect(run).rejects.toThrow());
  expect(written).toEqual(told ? [[2, '']] : []);
});

test('a key in a keyring of the caller is its own to look for', async () => {
  const words = ['create', '--dry-run', '--table', '0 8 crypt aes-xts-plain64 :64:logon:vol 0 7:0 0'];
  const written = await servedWords(words, (run) => expect(run).rejects.toThrow(OnlyByItself));
  expect(written).toEqual([]);
});
