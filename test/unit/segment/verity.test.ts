import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Backing } from '../../../src/backing/request.js';
import { planDeviceSync } from '../../../src/device/plan.js';
import { decodeVeritySuperblock, faultOf, treeBlocks } from '../../../src/segment/verity-superblock.js';
import { refusal } from '../support/refusal.js';
import { inScratchFolder } from '../support/scratch.js';

inScratchFolder();

const SALT = 'ab'.repeat(32);

/** Has veritysetup hash data of so many KiB, which is no zeros; the root hash. */
function format(kibibytes: number, ...options: string[]): string {
  writeFileSync('data', Buffer.alloc(kibibytes * 1024, 'data'));
  rmSync('hash', { force: true });
  const words = [
    'format',
    'data',
    options.includes('--hash-offset=65536') ? 'data' : 'hash',
    `--salt=${SALT}`,
    ...options,
  ];
  const { status, stdout, stderr } = spawnSync('veritysetup', words, {
    encoding: 'utf8',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return /Root hash:\s+([0-9a-f]+)/.exec(stdout)?.[1] ?? '';
}

const plan = (root: string, hash: string | Backing = 'hash', changes = {}) =>
  planDeviceSync({ segments: [{ target: 'verity', backing: 'data', hash, root, ...changes }] });

describe('the table of what veritysetup made', () => {
  test('has all that the superblock says', () => {
    const root = format(1024);
    expect(plan(root)).toMatchObject({
      table: `0 2048 verity 1 {loop0} {loop1} 4096 4096 256 1 sha256 ${root} ${SALT}`,
      readOnly: true,
      loops: [{ file: 'data' }, { file: 'hash' }],
    });
    expect(plan(root.toUpperCase()).table).toContain(root);
  });

  test.each<[options: string[], words: string]>([
    [['--hash=sha1'], '4096 4096 16 1 sha1 ROOT SALT'],
    [['--hash=sha512', '--data-block-size=512', '--hash-block-size=1024'], '512 1024 128 1 sha512 ROOT SALT'],
    [['--format=0'], '4096 4096 16 1 sha256 ROOT SALT'],
  ])('with %j', (options, words) => {
    const root = format(64, ...options);
    const type = options.includes('--format=0') ? 0 : 1;
    expect(plan(root).table).toBe(
      `0 128 verity ${type} {loop0} {loop1} ${words.replace('ROOT', root).replace('SALT', SALT)}`,
    );
  });

  test('of one block, which has no tree', () => {
    const root = format(4);
    expect(plan(root).table).toBe(`0 8 verity 1 {loop0} {loop1} 4096 4096 1 1 sha256 ${root} ${SALT}`);
  });

  test('with the hashes behind the data', () => {
    const root = format(64, '--hash-offset=65536', '--data-blocks=16');
    expect(plan(root, { path: 'data', offset: 65_536n }).table).toBe(
      `0 128 verity 1 {loop0} {loop0} 4096 4096 16 17 sha256 ${root} ${SALT}`,
    );
  });

  test('with data for error correction', () => {
    const root = format(1024, '--fec-device=fec', '--fec-roots=4');
    expect(plan(root, 'hash', { fec: 'fec', fecRoots: 4 }).table).toBe(
      `0 2048 verity 1 {loop0} {loop1} 4096 4096 256 1 sha256 ${root} ${SALT} 8 use_fec_from_device {loop2} fec_start 0 fec_blocks 259 fec_roots 4`,
    );
  });
});

describe('what does not fit together is told', () => {
  test('another root hash', () => {
    const root = format(1024);
    const other = `${root.slice(0, -1)}${root.endsWith('0') ? '1' : '0'}`;
    expect(refusal(() => plan(other))).toMatchObject({
      kind: 'usage',
      message: `root hash ${other}: it is not that of hash "hash"`,
    });
    expect(refusal(() => plan(root.slice(2))).message).toMatch(
      /^root hash [0-9a-f]+: it has 31 bytes, and those of sha256, .* have 32$/,
    );
  });

  test('a root hash that no tree of such blocks could have, of an algorithm that Node does not know', () => {
    format(64);
    const hash = openSync('hash', 'r+');
    writeSync(hash, 'wp512\0', 32);
    closeSync(hash);
    // In this order: of 2049 bytes, a block has room for one, and looking for the top of such a tree would never end.
    for (const bytes of [4097, 2049])
      expect(refusal(() => plan('ab'.repeat(bytes)))).toMatchObject({
        kind: 'usage',
        message: `root hash: it has ${bytes} bytes, and with the hash blocks of hash "hash", of 4096, at most 2048 are possible`,
      });
    expect(refusal(() => plan('ab'.repeat(2048))).message).toMatch(/^hash "hash": the hash tree ends at /);
  });

  test('of data of one block, other data', () => {
    const root = format(4);
    writeFileSync('data', Buffer.alloc(4096, 'other'));
    expect(refusal(() => plan(root)).message).toBe(`root hash ${root}: it is not that of verity "data"`);
  });

  test('data that is too short', () => {
    const root = format(1024);
    truncateSync('data', 1_044_480);
    expect(refusal(() => plan(root)).message).toBe(
      'verity "data": the superblock tells of 1048576 bytes of data, and there are only 1044480',
    );
  });

  test('a hash area that was cut short', () => {
    const root = format(1024);
    truncateSync('hash', 12_288);
    expect(refusal(() => plan(root)).message).toBe(
      'hash "hash": the hash tree ends at byte 16384, and there are only 12288',
    );
  });

  test('no superblock, and one elsewhere', () => {
    const root = format(64, '--no-superblock');
    expect(refusal(() => plan(root)).message).toBe('hash "hash": no superblock of veritysetup is there');
    copyFileSync('data', 'other');
    expect(refusal(() => plan(root, 'other')).message).toBe(
      'hash "other": no superblock of veritysetup is there',
    );
    format(64);
    expect(refusal(() => plan(root, { path: 'hash', offset: 512n })).message).toBe(
      'hash "hash": no superblock of veritysetup is there',
    );
  });
});

describe('a superblock', () => {
  const superblock = (change: (bytes: Buffer) => void = () => undefined) => {
    const bytes = Buffer.alloc(512);
    bytes.write('verity\0\0');
    bytes.writeUInt32LE(1, 8);
    bytes.writeUInt32LE(1, 12);
    bytes.write('sha256', 32);
    bytes.writeUInt32LE(4096, 64);
    bytes.writeUInt32LE(4096, 68);
    bytes.writeBigUInt64LE(16n, 72);
    bytes.writeUInt16LE(2, 80);
    bytes.write('abcd', 88, 'hex');
    change(bytes);
    const decoded = decodeVeritySuperblock(bytes);
    if (decoded === undefined) throw new Error('it is none');
    return decoded;
  };

  test('is read', () => {
    expect(superblock()).toMatchObject({
      algorithm: 'sha256',
      dataBlocks: 16n,
      salt: Buffer.from('abcd', 'hex'),
    });
    expect(faultOf(superblock())).toBeUndefined();
    expect(decodeVeritySuperblock(Buffer.alloc(512))).toBeUndefined();
    expect(decodeVeritySuperblock(Buffer.from('verity\0\0'))).toBeUndefined();
  });

  test.each<[change: (bytes: Buffer) => void, fault: RegExp]>([
    [(bytes) => bytes.writeUInt32LE(2, 8), /^its version is 2/],
    [(bytes) => bytes.writeUInt32LE(2, 12), /^its hash type is 2/],
    [(bytes) => bytes.write('a b', 32), /^its algorithm is "a b256"/],
    [(bytes) => bytes.writeUInt32LE(4095, 64), /^its data blocks have 4095 bytes/],
    [(bytes) => bytes.writeUInt32LE(0, 68), /^its hash blocks have 0 bytes/],
    [(bytes) => bytes.writeBigUInt64LE(0n, 72), /no data blocks/],
  ])('that cannot be is not believed', (change, fault) => {
    expect(faultOf(superblock(change))).toMatch(fault);
  });

  test.each([
    [1n, 0n],
    [2n, 1n],
    [128n, 1n],
    [129n, 3n],
    [16_384n, 129n],
    [16_385n, 132n],
  ])('of %d data blocks has %d blocks of hashes', (dataBlocks, blocks) => {
    expect(treeBlocks({ ...superblock(), dataBlocks }, 32)).toBe(blocks);
  });
});

describe('a signature', () => {
  test('is named in the table, behind error correction, by the root hash', () => {
    const root = format(64);
    writeFileSync('sig', 'signed');
    const words = `root_hash_sig_key_desc dmfd:${root.slice(0, 48)}`;
    expect(plan(root, 'hash', { signature: 'sig' }).table).toMatch(new RegExp(` ${SALT} 2 ${words}$`));
    const fec = plan(root, 'hash', { signature: 'sig', fec: { path: 'data' } }).table;
    expect(fec).toMatch(new RegExp(` 10 use_fec_from_device .* ${words}$`));
  });

  test.each<[what: string, bytes: Buffer | undefined, message: string]>([
    ['a missing file', undefined, 'signature "sig": cannot find it: ENOENT, no such file or directory'],
    ['an empty file', Buffer.alloc(0), 'signature "sig": 0 bytes, and a signature has 1 to 32767'],
    ['a large file', Buffer.alloc(32_768), 'signature "sig": 32768 bytes, and a signature has 1 to 32767'],
  ])('is not %s', (_what, bytes, message) => {
    const root = format(64);
    rmSync('sig', { force: true });
    if (bytes !== undefined) writeFileSync('sig', bytes);
    expect(refusal(() => plan(root, 'hash', { signature: 'sig' }))).toMatchObject({ kind: 'usage', message });
  });

  test('does not go with a key, nor with another one, in one layer', () => {
    const root = format(64);
    writeFileSync('sig', 'signed');
    const verity = { target: 'verity', backing: 'data', hash: 'hash', root, signature: 'sig' } as const;
    const crypt = { target: 'crypt', backing: 'data' } as const;
    expect(refusal(() => planDeviceSync({ segments: [verity, crypt] })).message).toBe(
      'a layer cannot have both a key and a signature',
    );
    expect(planDeviceSync({ segments: [verity, verity] }).table).toContain('root_hash_sig_key_desc');
  });
});
