import { expect, test } from 'vitest';
import { runCFile } from '../support/compile.js';

test('what no descriptor is left for moves nothing, loses nothing and leaves nothing', () => {
  // /dev/zero and /dev/full are moved by two numbers; "n" is /dev/null. What stood there is kept under the numbers behind.
  expect(runCFile(new URL('./descriptors.c', import.meta.url))).toEqual([
    'zfnn---- moved: zfzfn-n- zfnn----',
    'zf------ moved: zfzf---- zf------',
    'zfnnn--- moved: zfzfnn-n zfnnn---',
    'zfnnnn-- EMFILE: zfnnnn-- zfnnnn--',
    'zfnnnnn- EMFILE: zfnnnnn- zfnnnnn-',
    'zfnnnnnn EMFILE: zfnnnnnn zfnnnnnn',
    'zf-n---- moved: zfzfn--- zf-n----',
  ]);
});
