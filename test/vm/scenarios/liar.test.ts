import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { expectNothingLeft, image, sampleOf, sh, vm } from './support.js';

const CREATE = "dmfd create believed --loop /tmp/lies.img --table '0 2048 linear {loop0} 0'";

/** With its NUL: of nothing at all, nothing would be written. */
const lie = (words: string) => sh(`printf '%s\\0' '${words}' >/sys/module/dm_mod/parameters/bit20`);

beforeAll(() => image('lies.img', 1));
afterEach(expectNothingLeft);
afterAll(() => lie(''));

/** What the kernel does with bit 20, and what `dmfd probe` says of it. */
const LIES = [
  ['write:0', /means something else by the flag/],
  ['write:1', /means something else by the flag/],
  ['write:22', /means something else by the flag/],
  ['write:-22', /means something else by the flag/],
  ['write:2147483648', /means something else by the flag/],
  ['open:/dev/null', /means something else by the flag/],
  ['open:/dev/ram0', /means something else by the flag/],
  ['ignore', /ignores the flag/],
  ['error:22', /refuses the flag with EINVAL/],
  ['error:25', /refuses the flag with ENOTTY/],
  ['error:95', /refuses the flag with EOPNOTSUPP/],
] as const;

test.each(sampleOf(LIES, 6))(
  'dmfd does not believe %s, and reaches the same by the other way',
  async (words, said) => {
    await lie(words);
    const output = await sh(
      `${CREATE} -- sh -c 'ls /proc/$$/fd | tr "\\n" " "; printf {name} >&3; sync {path}; stat -Lc %t:%T /proc/$$/fd/3 {path} | uniq | wc -l; echo $DMFD_MODE'
     head -c 8 /tmp/lies.img; echo; dmfd probe`,
    );
    const [descriptors, mode, bytes, ...probe] = output.split('\n');
    expect([descriptors, mode, bytes]).toEqual(['0 1 2 3 1', 'fallback', 'believed']);
    expect(probe.join('\n')).toMatch(said);
  },
);

test.each(sampleOf(LIES, 5))(
  '--mode atomic fails when the kernel does %s, and leaves nothing',
  async (words) => {
    await lie(words);
    const { code, stdout, stderr } = await vm.sh(`${CREATE} --mode atomic -- echo ran`);
    expect([code, stdout]).toEqual([125, '']);
    expect(stderr).toMatch(/^dmfd: device believed: this kernel .*\n {2}hint: .*--mode auto/);
  },
);

test('dmfd does not take another mapped device for its own', async () => {
  await sh("dmsetup create --noudevsync other --table '0 64 zero'");
  await lie('open:/dev/dm-0');
  expect(await sh(`${CREATE} -- sh -c 'echo $DMFD_MODE; cat /sys/dev/block/$DMFD_DEV/dm/name'`)).toBe(
    'fallback\nbelieved\n',
  );
  expect(await sh('dmsetup info -c --noheadings -o name,open; dmsetup remove --noudevsync other')).toBe(
    'other:0\n',
  );
});

test('--mode fallback never sets bit 20', async () => {
  // Any call with the bit fails, and not in a way that says the flag is unknown.
  await lie('error:5');
  expect((await vm.sh(`${CREATE} -- true`)).stderr).toMatch(/EIO/);
  expect(await sh(`${CREATE} --mode fallback -- sh -c 'echo $DMFD_MODE'`)).toBe('fallback\n');
});

test('told the truth, dmfd believes it', async () => {
  await lie('');
  expect(await sh(`${CREATE} -- sh -c 'echo $DMFD_MODE'`)).toBe('atomic\n');
});
