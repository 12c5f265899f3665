import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { HEADERS } from '../content/headers.js';
import { scratchFolder } from '../support/scratch.js';
import { type } from '../support/type.js';

/** Stands for: the command's own help shows what there is. */
const HELP = Symbol('help');
const COLUMNS = 'the columns are name,node,dev,size,targets,mode,removal,state,open,age,held-by,uuid,diskseq';
const SIZES = 'as in 2048, 1M or 2G; a sector has 512 bytes';
const ZERO =
  'if nothing of it is needed, overwrite it with zeros (blkdiscard -z DEVICE), or make the file anew';
const LAYER = 'write {layer0} where one needs it; {below} is the next one below';
const MISSING = 'check the name, or make the file: truncate -s 64M FILE';
const CORRUPT =
  'as in corrupt=32:r:1: the 32nd byte of each block that is read becomes 1; VALUE is at most 255';
const MESSAGE = "as in --message '0 create_thin 0': the target at sector 0 is told create_thin 0";
const FIRST = 'say what it is first, as in --linear disk.img --then --delay {below},read=10';
const PLACEHOLDER = 'if the command is to get that word as it is: --no-placeholders';
const CONCISE =
  'a device reads NAME,UUID,MINOR,FLAGS,TABLE[,TABLE…]; devices are parted by ;, and in a table it is written \\;';

/** As they are typed into a shell, with what is said then: which word is wrong, and what to do. */
type Row = readonly [line: string, message: string, hint?: string | typeof HELP];
const ROWS: readonly Row[] = [
  ['dmfd ls -o', "option '-o, --columns <COLUMNS>' argument missing", HELP],
  ["dmfd ls -o ''", '-o : there is no column ""', COLUMNS],
  ['dmfd ls -o name,,size', '-o name,,size: there is no column ""', COLUMNS],
  ['dmfd ls -o name -o nonsense', '-o nonsense: there is no column "nonsense"', COLUMNS],
  ['dmfd ls --columns=NAME,', '-o NAME,: there is no column ""', COLUMNS],
  ['dmfd ls --frob', "unknown option '--frob'", HELP],
  ['dmfd ls -x', "unknown option '-x'", HELP],
  ['dmfd ls --all=yes', "unknown option '--all=yes'", HELP],
  ['dmfd rm --force a', "unknown option '--force'", HELP],
  ['dmfd rm --diskseq', "option '--diskseq <N>' argument missing", HELP],
  [
    'dmfd rm --diskseq 5 --diskseq x',
    '--diskseq x: it must be a whole number above 0',
    '"dmfd ls -o name,diskseq" tells it',
  ],
  ['dmfd rm -f', "unknown option '-f'", HELP],
  ['dmfd resize a --size', "option '--size <SIZE>' argument missing", HELP],
  ['dmfd resize a --size=-1M', '--size -1M: it must be a number of sectors, or of bytes with a unit', SIZES],
  [
    'dmfd resize a --size 99999999999999999999',
    '--size 99999999999999999999: it must be a number of sectors, or of bytes with a unit',
    SIZES,
  ],
  ["dmfd resize a --size ''", '--size : it must be a number of sectors, or of bytes with a unit', SIZES],
  ['dmfd resize a --size 1M2', '--size 1M2: it must be a number of sectors, or of bytes with a unit', SIZES],
  [
    'dmfd resize a --size 1.5G',
    '--size 1.5G: it must be a number of sectors, or of bytes with a unit',
    SIZES,
  ],
  ['dmfd resize a b --to-backing', "too many arguments for 'resize'. Expected 1 argument but got 2.", HELP],
  ['dmfd resize a --to-backing=all', "unknown option '--to-backing=all'", HELP],
  ['dmfd resize a --to-backing -- true', 'dmfd resize takes no command after --'],
  ['dmfd resize a --shrink', "unknown option '--shrink'", HELP],
  ['dmfd reap --frob', "unknown option '--frob'", HELP],
  ['dmfd reap --dry-run=x', "unknown option '--dry-run=x'", HELP],
  ["dmfd reap ''", 'device "": no device is called so', '"dmfd ls --all" shows what there is'],
  ['dmfd reap -- true', 'dmfd reap takes no command after --'],
  ['dmfd probe --frob', "unknown option '--frob'", HELP],
  ['dmfd probe -- true', 'dmfd probe takes no command after --'],
  ['dmfd create --integrity', "option '--integrity <PATH>' argument missing", HELP],
  ["dmfd create --integrity ''", '--integrity : it begins with no path', 'as in --integrity disk.img'],
  [
    'dmfd create --integrity zero.img,tag-size=0',
    '--integrity zero.img,tag-size=0: tag-size=0 is not from 1 to 255',
  ],
  [
    'dmfd create --integrity zero.img,tag-size=256',
    '--integrity zero.img,tag-size=256: tag-size=256 is not from 1 to 255',
  ],
  [
    'dmfd create --integrity zero.img,tag-size=4K',
    '--integrity zero.img,tag-size=4K: tag-size=4K is no whole number of bytes',
  ],
  [
    'dmfd create --integrity zero.img,tag-size',
    '--integrity zero.img,tag-size: tag-size needs a value',
    'write tag-size=…',
  ],
  [
    'dmfd create --integrity zero.img,checksum=',
    '--integrity zero.img,checksum=: nothing stands after checksum=',
  ],
  [
    'dmfd create --integrity zero.img,checksum=SHA256',
    '--integrity zero.img,checksum=SHA256: checksum=SHA256: it must be the name of a hash without a key',
    'as in crc32c, sha256 or xxhash64; /proc/crypto lists what is loaded',
  ],
  [
    'dmfd create --integrity zero.img,ro',
    '--integrity zero.img,ro: ro cannot be, for the target writes its journal',
  ],
  [
    'dmfd create --integrity zero.img,mode=B',
    '--integrity zero.img,mode=B: after the comma stands "mode=B", which is no key',
    'the keys are partition= offset= size= ro sector-size= direct-io checksum= tag-size=; a comma in a path is written twice: zero.img,,mode=B',
  ],
  [
    'dmfd create --readonly --integrity zero.img',
    'integrity "zero.img": the device cannot be read-only, for the target writes its journal',
  ],
  [
    'dmfd create --integrity empty.img',
    'integrity "empty.img": it is empty',
    'give it a size first: truncate -s 64M empty.img',
  ],
  [
    'dmfd create --integrity other.img',
    'integrity "other.img": it has something that dmfd does not know, and is formatted only where it is zero',
    ZERO,
  ],
  [
    'dmfd create --integrity ext2.img',
    'integrity "ext2.img": it has an ext2, ext3 or ext4 file system, and is formatted only where it is zero',
    ZERO,
  ],
  [
    'dmfd create --integrity zero.img --dry-run',
    'integrity "zero.img": it is zero, and only when the kernel has formatted it is known how much is left for data',
    'only making the device can tell: it formats it',
  ],
  ['dmfd create --integrity zero.img --cipher aes-xts-plain64', '--cipher is for --crypt'],
  [
    'dmfd create --integrity zero.img --key-random 256',
    '--key-random is for --crypt, or for {key} in a table',
  ],
  [
    "dmfd create --integrity zero.img --table '0 8 zero'",
    '--integrity and --table exclude each other: both say what the device is',
    'a preset writes its own table lines; --dry-run prints them',
  ],
  [
    'dmfd create n --integrity zero.img --then --linear missing.img',
    'layer 0 (n-0): no layer above names it, and what nothing stands on would go at once',
    LAYER,
  ],
  [
    'dmfd create --overlay disk.img --cow ext2.img',
    'cow "ext2.img": it has an ext2, ext3 or ext4 file system',
    '"wipefs" shows more; swap --force, or --cow PATH,force, overwrites it',
  ],
  [
    'dmfd create --overlay disk.img --cow zero.img,force=1',
    '--cow zero.img,force=1: force takes no value',
    'write force alone',
  ],
  [
    'dmfd create --overlay disk.img --cow zero.img,ro,force',
    '--cow zero.img,ro,force: ro cannot be, for it is where writes go',
  ],
  [
    'dmfd create --overlay disk.img,force',
    '--overlay disk.img,force: after the comma stands "force", which is no key',
    'the keys are partition= offset= size= ro sector-size= direct-io; a comma in a path is written twice: disk.img,,force',
  ],
  ['dmfd create --overlay disk.img --cow 0', '--cow 0: it must be more than 0'],
  ['dmfd create --overlay disk.img --cow 1000B', '--cow 1000B: it is no whole sectors of 512 bytes'],
  ["dmfd create --overlay disk.img --cow ''", '--cow : it begins with no path', 'as in --cow disk.img'],
  [
    'dmfd create --overlay disk.img --cow 1M,force',
    'cow "1M": cannot find it: ENOENT, no such file or directory',
    MISSING,
  ],
  [
    'dmfd create --linear disk.img,partition=',
    '--linear disk.img,partition=: nothing stands after partition=',
  ],
  [
    'dmfd create --linear disk.img,direct-io=1',
    '--linear disk.img,direct-io=1: direct-io takes no value',
    'write direct-io alone',
  ],
  [
    'dmfd create --linear disk.img,,',
    'linear "disk.img,": cannot find it: ENOENT, no such file or directory',
    MISSING,
  ],
  [
    'dmfd create --linear disk.img,',
    '--linear disk.img,: after the comma stands "", which is no key',
    'the keys are partition= offset= size= ro sector-size= direct-io; a comma in a path is written twice: disk.img,,',
  ],
  ['dmfd create --linear ,size=8', '--linear ,size=8: it begins with no path', 'as in --linear disk.img'],
  [
    'dmfd create --linear disk.img,Size=8',
    '--linear disk.img,Size=8: after the comma stands "Size=8", which is no key',
    'the keys are partition= offset= size= ro sector-size= direct-io; a comma in a path is written twice: disk.img,,Size=8',
  ],
  [
    "dmfd create --loop disk.img,size=8,ro,ro --table '0 8 linear {loop0} 0'",
    '--loop disk.img,size=8,ro,ro: ro stands there twice',
  ],
  ['dmfd create --striped disk.img --chunk 700B', '--chunk 700B: it is no whole sectors of 512 bytes'],
  ['dmfd create --striped disk.img --chunk', "option '--chunk <SIZE>' argument missing", HELP],
  ['dmfd create --delay disk.img,read=1,read=2', '--delay disk.img,read=1,read=2: read stands there twice'],
  [
    'dmfd create --delay disk.img,read=-1',
    '--delay disk.img,read=-1: read=-1 is no whole number of milliseconds',
  ],
  [
    'dmfd create --delay disk.img,read=1,write=x',
    '--delay disk.img,read=1,write=x: write=x is no whole number of milliseconds',
  ],
  [
    'dmfd create --delay disk.img,read=86400001',
    '--delay disk.img,read=86400001: read=86400001 is more than a day, 86400000 milliseconds',
  ],
  [
    'dmfd create --flakey disk.img,up=1,down=1,corrupt=32:x:1',
    '--flakey disk.img,up=1,down=1,corrupt=32:x:1: corrupt=32:x:1 is not BYTE:r:VALUE or BYTE:w:VALUE',
    CORRUPT,
  ],
  [
    'dmfd create --flakey disk.img,up=1,down=1,corrupt=32:r:256',
    '--flakey disk.img,up=1,down=1,corrupt=32:r:256: corrupt=32:r:256 is not BYTE:r:VALUE or BYTE:w:VALUE',
    CORRUPT,
  ],
  [
    'dmfd create --flakey disk.img,down=1',
    '--flakey disk.img,down=1: up= is missing',
    'as in --flakey disk.img,up=10,down=5: 10 seconds all is well, 5 seconds not',
  ],
  [
    'dmfd create --flakey disk.img,up=1,down=1,drop-writes=yes',
    '--flakey disk.img,up=1,down=1,drop-writes=yes: drop-writes takes no value',
    'write drop-writes alone',
  ],
  [
    'dmfd create --verity disk.img,hash=zero.img,root=00,hash-offset=1X',
    '--verity disk.img,hash=zero.img,root=00,hash-offset=1X: hash-offset=1X: it must be a number of sectors, or of bytes with a unit',
    SIZES,
  ],
  [
    'dmfd create --verity disk.img,hash=zero.img,root=0',
    '--verity disk.img,hash=zero.img,root=0: root=0 is no number of hexadecimal digits',
  ],
  [
    'dmfd create --verity disk.img,hash=zero.img,root=00,signature=',
    '--verity disk.img,hash=zero.img,root=00,signature=: nothing stands after signature=',
  ],
  [
    'dmfd create --verity disk.img,root=00',
    '--verity disk.img,root=00: hash= is missing',
    'as in --verity data.img,hash=hash.img,root=HEX, with the root hash that "veritysetup format" printed',
  ],
  [
    "dmfd create --crypt disk.img --cipher ''",
    '--cipher : it must be one word',
    'as in aes-xts-plain64 or aes-cbc-essiv:sha256; /proc/crypto lists what is loaded',
  ],
  ["dmfd create --message x --table '0 8 zero'", '--message: it must be a sector and a text', MESSAGE],
  ["dmfd create --message 0 --table '0 8 zero'", '--message: it must be a sector and a text', MESSAGE],
  [
    "dmfd create --message '8 x' --table '0 8 zero'",
    'message "x": there is no sector 8, for the device has 8',
  ],
  ["dmfd create --message '-1 x' --table '0 8 zero'", '--message: it must be a sector and a text', MESSAGE],
  [
    'dmfd create --linear disk.img --then',
    '--then: no layer stands after it',
    'say what it is, as in --linear disk.img --then --delay {below},read=10',
  ],
  ['dmfd create --then --linear disk.img', '--then: no layer stands before it', FIRST],
  ['dmfd create --then --then --linear disk.img', '--then: no layer stands before it', FIRST],
  [
    'dmfd create --linear {below}',
    '{below}: no layer is below',
    'a file of that name is written with its directory: ./{below}',
  ],
  [
    'dmfd create n --linear disk.img --then --linear {below}x',
    'layer 0 (n-0): no layer above names it, and what nothing stands on would go at once',
    LAYER,
  ],
  [
    'dmfd create n --linear disk.img --then --zero 8',
    'layer 0 (n-0): no layer above names it, and what nothing stands on would go at once',
    LAYER,
  ],
  [
    'dmfd create --linear disk.img --then --linear {below} -- true {path:2}',
    '{path:2}: the layers are 0 to 1',
    PLACEHOLDER,
  ],
  [
    'dmfd create --linear disk.img --then --linear {below} -- true {fd:0}',
    '{fd:0}: only the top layer, {fd}, has a descriptor',
    PLACEHOLDER,
  ],
  ['dmfd create --udev', "option '--udev <MODE>' argument missing", HELP],
  ['dmfd create --udev FULL --zero 8', '--udev FULL: it must be one of quiet, full, none'],
  [
    'dmfd create --udev full --udev-wait=1h --zero 8',
    '--udev-wait=1h: it must be a number of seconds, at most 86400',
  ],
  [
    'dmfd create --udev full --udev-wait=-1 --zero 8',
    '--udev-wait=-1: it must be a number of seconds, at most 86400',
  ],
  [
    'dmfd create --udev full --udev-wait=86401 --zero 8',
    '--udev-wait=86401: it must be a number of seconds, at most 86400',
  ],
  [
    'dmfd create --udev full --udev-wait= --zero 8',
    '--udev-wait=: it must be a number of seconds, at most 86400',
  ],
  ['dmfd create --mapper-link=x --zero 8', "unknown option '--mapper-link=x'", HELP],
  ["dmfd create --concise ''", 'concise table: it is empty', CONCISE],
  [
    "dmfd create --concise 'a,,,rx,0 8 zero'",
    'concise table: the 4th field, the flags, is "rx", and neither ro nor rw',
    CONCISE,
  ],
  [
    "dmfd create --concise 'a,,x,rw,0 8 zero'",
    'concise table: the 3rd field, the minor, is "x", and not a number',
    CONCISE,
  ],
  ["dmfd create --concise 'a/b,,,rw,0 8 zero'", 'device name "a/b": "/" is not allowed in it'],
  ['dmfd swap --path', "option '--path <PATH>' argument missing", HELP],
  [
    'dmfd swap disk.img,size=0',
    'BACKING disk.img,size=0: size=0: it must be more than 0',
    'without size= it is all the rest',
  ],
  [
    'dmfd swap disk.img,',
    'BACKING disk.img,: after the comma stands "", which is no key',
    'the keys are partition= offset= size=; a comma in a path is written twice: disk.img,,',
  ],
  [
    'dmfd swap --path disk.img,size=1M',
    'backing "disk.img,size=1M": cannot find it: ENOENT, no such file or directory',
    'check the name, or make a file: fallocate -l 1G FILE; chmod 600 FILE',
  ],
];

const directory = scratchFolder();
const FILES = {
  'disk.img': 1_048_576,
  'zero.img': 1_048_576,
  'empty.img': 0,
  'other.img': 1_048_576,
  'ext2.img': 1_048_576,
};
let before: string;

beforeAll(() => {
  const ext2 = Buffer.alloc(1_048_576);
  const holds = HEADERS.find(({ by }) => by === 'mkfs.ext2')?.holds ?? [];
  for (const [at, hex] of holds) Buffer.from(hex, 'hex').copy(ext2, at);
  for (const [name, size] of Object.entries(FILES)) {
    writeFileSync(join(directory, name), name === 'other.img' ? 'x' : name === 'ext2.img' ? ext2 : '');
    truncateSync(join(directory, name), size);
  }
  before = state();
});

/** All that is in the directory. */
function state(): string {
  return readdirSync(directory)
    .map((name) => `${name} ${readFileSync(join(directory, name)).toString('base64')}`)
    .join('\n');
}

test.concurrent.each(ROWS.map((row) => [row[0], row] as const))('%s', async (_, [line, message, hint]) => {
  const [, command] = line.split(' ');
  const words = hint === HELP ? `"dmfd ${command} --help" shows what there is` : hint;
  const lines = [`dmfd: ${message}`, ...(words === undefined ? [] : [`  hint: ${words}`]), ''];
  expect(await type(line, directory)).toMatchObject({ code: 125, stdout: '', stderr: lines.join('\n') });
});

test('and no file was made or changed by any of them', () => {
  expect(state()).toBe(before);
});
