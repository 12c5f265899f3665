import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { expectNothingLeft, sh } from '../../vm/scenarios/support.js';
import { replyOf } from './series.js';

const create = program('descriptor-create');
/** With its NUL: of nothing at all, nothing would be written. */
const lie = (words: string) => sh(`printf '%s\\0' '${words}' >/sys/module/dm_mod/parameters/bit20`);
const asked = () => replyOf(create, ['--fd', '--deferred', 'lied-to']).then(({ reply }) => reply);

describe('the kernel that lies about bit 20', () => {
  afterEach(async () => {
    await sh('dmsetup remove lied-to 2>/dev/null || :');
    await expectNothingLeft();
  });
  afterAll(() => lie(''));

  test('tells the truth when told nothing', async () => {
    await lie('');
    expect(await asked()).toMatchObject({ error: 'none', 'fd-is': 'the device' });
  });

  test.each([
    ['write:0', { 'fd-is': 'no block device', opened: '0' }],
    ['write:-22', { 'fd-is': 'EBADF', opened: '0' }],
    ['write:22', { 'fd-is': 'EBADF', opened: '0' }],
    ['write:1', { 'fd-is': 'no block device', opened: '0' }],
    ['open:/dev/null', { 'fd-is': 'no block device', opened: '1' }],
    ['open:/dev/ram0', { 'fd-is': 'another device', opened: '1' }],
    ['ignore', { descriptor: 'untouched', opened: '0' }],
  ])('%s', async (words, told) => {
    await lie(words);
    expect(await asked()).toMatchObject({ error: 'none', ...told });
    expect(await sh('dmsetup info -c --noheadings -o name,open')).toBe('lied-to:0\n');
  });

  test('open: another mapped device', async () => {
    await sh('dmsetup create other --table "0 64 zero"');
    await lie('open:/dev/dm-0');
    expect(await asked()).toMatchObject({ error: 'none', 'fd-is': 'another device' });
    await sh('dmsetup remove other');
  });

  test.each([22, 25, 95])('error:%i', async (errno) => {
    await lie(`error:${errno}`);
    const { error } = await asked();
    expect(error).toBe({ 22: 'EINVAL', 25: 'ENOTTY', 95: 'EOPNOTSUPP' }[errno]);
    expect(await sh('dmsetup ls')).toBe('No devices found\n');
  });
});
