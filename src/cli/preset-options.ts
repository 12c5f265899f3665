import type { Command as CommandLine } from 'commander';
import type { Backing } from '../backing/request.js';
import { CIPHER_HINT, isCipherWord } from '../segment/crypt.js';
import { LONGEST_DELAY } from '../segment/delay.js';
import { CHECKSUM_HINT, isChecksumWord, MAX_TAG_SIZE, NO_CHECKSUM } from '../segment/integrity.js';
import type { Corruption, FlakeyFeature, Segment, SnapshotSegment } from '../segment/segment.js';
import { usageError } from './usage-error.js';
import { BACKING_KEYS, backingOf, parseBacking } from './words/backing-word.js';
import { type Keys, type PathWord, parsePathWord } from './words/path-word.js';
import { bytesOfSize, parseBytes, parsePositive } from './words/size.js';

/** Options that several presets share. */
export interface PresetOptions {
  /** Bytes. */
  readonly chunk?: bigint;
  readonly cipher?: string;
  /** Bytes. */
  readonly sectorSize?: number;
}

/** Collects the segments that options name, in the order in which they stand. */
class Presets {
  #segments: Segment[] = [];

  add(segment: Segment): void {
    this.#segments.push(segment);
  }

  /** Stripes that follow each other are of one segment. */
  addStripe(backing: Backing): void {
    const last = this.#segments.at(-1);
    if (last?.target !== 'striped') this.add({ target: 'striped', backings: [backing] });
    else this.#segments[this.#segments.length - 1] = { ...last, backings: [...last.backings, backing] };
  }

  setCow(word: string): void {
    const last = this.#segments.at(-1);
    if (last?.target !== 'snapshot')
      throw usageError(`--cow ${word}: no --overlay stands before it`, 'write --overlay BASE --cow PATH');
    if (last.cow !== undefined) throw usageError(`--cow ${word}: the overlay before it has a --cow already`);
    this.#segments[this.#segments.length - 1] = { ...last, ...cowOf(word) };
  }

  /**
   * All since the last call, with what options say of several.
   *
   * @throws DmfdError `usage` for an option that is of no use
   */
  take({ chunk, cipher, sectorSize }: PresetOptions): Segment[] {
    const segments = this.#segments;
    this.#segments = [];
    const has = (target: Segment['target']) => segments.some((segment) => segment.target === target);
    if (chunk !== undefined && !has('striped')) throw usageError('--chunk is for --striped');
    if (cipher !== undefined && !has('crypt')) throw usageError('--cipher is for --crypt');
    if (sectorSize !== undefined && !has('crypt'))
      throw usageError('--sector-size is for --crypt', 'of a loop device it is a key: FILE,sector-size=4096');
    return segments.map((segment) => {
      if (segment.target === 'striped' && chunk !== undefined) return { ...segment, chunk };
      if (segment.target !== 'crypt') return segment;
      return {
        ...segment,
        ...(cipher === undefined ? {} : { cipher }),
        ...(sectorSize === undefined ? {} : { sectorSize }),
      };
    });
  }
}

/** Declares the presets. What is returned tells the segments of all that were parsed since its last call. */
export function addPresetOptions(command: CommandLine): (options: PresetOptions) => Segment[] {
  const presets = new Presets();
  const preset = (flags: string, description: string, add: (word: string) => void) =>
    command.option(flags, description, (word: string) => {
      add(word);
    });
  preset('--linear <PATH>', 'PATH as it is', (word) => {
    presets.add({ target: 'linear', backing: parseBacking('--linear', word) });
  });
  preset('--striped <PATH>', 'pieces of each PATH in turn; give one --striped for each', (word) => {
    presets.addStripe(parseBacking('--striped', word));
  });
  command.option('--chunk <SIZE>', 'size of a piece of --striped (default: 64K)', (word: string) =>
    parsePositive(`--chunk ${word}`, word),
  );
  preset('--zero <SIZE>', 'zeros', (word) => {
    presets.add({ target: 'zero', size: parsePositive(`--zero ${word}`, word) });
  });
  preset('--error <SIZE>', 'errors', (word) => {
    presets.add({ target: 'error', size: parsePositive(`--error ${word}`, word) });
  });
  preset('--delay <PATH>', 'PATH, but slow; PATH,read=MS[,write=MS][,flush=MS]', (word) => {
    presets.add(parseDelay(word));
  });
  preset(
    '--flakey <PATH>',
    'PATH, failing for a while again and again; PATH,up=S,down=S[,FAULT], FAULT: drop-writes, error-writes, error-reads, corrupt=BYTE:r:VALUE (or w)',
    (word) => {
      presets.add(parseFlakey(word));
    },
  );
  preset('--overlay <BASE>', 'writable view of BASE, which is only read; what is written is lost', (word) => {
    presets.add({ target: 'snapshot', base: parseBacking('--overlay', word) } satisfies SnapshotSegment);
  });
  preset(
    '--cow <PATH|SIZE>',
    'where the writes of --overlay go, PATH[,force] (default: a sparse file without a name)',
    (word) => {
      presets.setCow(word);
    },
  );
  preset(
    '--crypt <PATH>',
    'PATH, encrypted with a new random key, or that of --key-file, --key-fd',
    (word) => {
      presets.add({ target: 'crypt', backing: parseBacking('--crypt', word) });
    },
  );
  command
    .option('--cipher <SPEC>', 'dm-crypt cipher of --crypt (default: aes-xts-plain64)', parseCipher)
    .option(
      '--sector-size <BYTES>',
      '--crypt encrypts in units of 512 or 4096 bytes (default: 512)',
      parseCryptSectorSize,
    );
  preset(
    '--integrity <PATH>',
    'PATH, with a checksum of each block beside it; formatted if it is zero; PATH[,checksum=NAME][,tag-size=BYTES]',
    (word) => {
      presets.add(parseIntegrity(word));
    },
  );
  preset(
    '--verity <DATA>',
    'DATA, checked against a hash tree, read-only; DATA,hash=PATH,root=HEX [,hash-offset=SIZE] [,fec=PATH,fec-offset=SIZE,fec-roots=N] [,signature=FILE]',
    (word) => {
      presets.add(parseVerity(word));
    },
  );
  return (options) => presets.take(options);
}

function parseCipher(word: string): string {
  if (isCipherWord(word)) return word;
  throw usageError(`--cipher ${word}: it must be one word`, CIPHER_HINT);
}

function parseCryptSectorSize(word: string): number {
  if (word === '512' || word === '4096') return Number(word);
  throw usageError(`--sector-size ${word}: it must be 512 or 4096`);
}

const COW_KEYS = { ...BACKING_KEYS, force: 'flag' } as const satisfies Keys;

/** A word that is a size is no path: a file of such a name is written with its directory. */
function cowOf(word: string): Pick<SnapshotSegment, 'cow' | 'force'> {
  if (bytesOfSize(word) !== undefined) return { cow: parsePositive(`--cow ${word}`, word) };
  const parted = parsePathWord('--cow', word, COW_KEYS);
  const cow = backingOf('--cow', word, parted);
  if (cow.readOnly) throw usageError(`--cow ${word}: ro cannot be, for it is where writes go`);
  return { cow, ...(parted.keys.has('force') ? { force: true } : {}) };
}

const DELAY_KEYS = { ...BACKING_KEYS, read: 'value', write: 'value', flush: 'value' } as const satisfies Keys;

function parseDelay(word: string): Segment {
  const parted = parsePathWord('--delay', word, DELAY_KEYS);
  const milliseconds = (key: string) => numberOf('--delay', word, parted, key, 'milliseconds');
  const [read, write, flush] = [milliseconds('read'), milliseconds('write'), milliseconds('flush')];
  if (read === undefined)
    throw usageError(`--delay ${word}: read= is missing`, 'as in --delay disk.img,read=100');
  for (const [key, value = 0] of Object.entries({ read, write, flush }))
    if (value > LONGEST_DELAY)
      throw usageError(`--delay ${word}: ${key}=${value} is more than a day, ${LONGEST_DELAY} milliseconds`);
  return {
    target: 'delay',
    backing: backingOf('--delay', word, parted),
    read,
    ...(write === undefined ? {} : { write }),
    ...(flush === undefined ? {} : { flush }),
  };
}

const FLAKEY_FEATURES = {
  'drop-writes': 'drop_writes',
  'error-writes': 'error_writes',
  'error-reads': 'error_reads',
} as const satisfies Readonly<Record<string, FlakeyFeature>>;

const FLAKEY_KEYS = {
  ...BACKING_KEYS,
  up: 'value',
  down: 'value',
  'drop-writes': 'flag',
  'error-writes': 'flag',
  'error-reads': 'flag',
  corrupt: 'value',
} as const satisfies Keys;

function parseFlakey(word: string): Segment {
  const parted = parsePathWord('--flakey', word, FLAKEY_KEYS);
  const [up, down] = [
    numberOf('--flakey', word, parted, 'up', 'seconds'),
    numberOf('--flakey', word, parted, 'down', 'seconds'),
  ];
  if (up === undefined || down === undefined) {
    throw usageError(
      `--flakey ${word}: ${up === undefined ? 'up=' : 'down='} is missing`,
      'as in --flakey disk.img,up=10,down=5: 10 seconds all is well, 5 seconds not',
    );
  }
  if (up + down === 0) throw usageError(`--flakey ${word}: up= and down= are both 0`);
  if (parted.keys.has('drop-writes') && parted.keys.has('error-writes'))
    throw usageError(`--flakey ${word}: drop-writes and error-writes exclude each other`);
  const features = [...parted.keys].flatMap(([key, value]): FlakeyFeature[] => {
    if (key === 'corrupt') return [parseCorruption(word, value)];
    return Object.hasOwn(FLAKEY_FEATURES, key) ? [FLAKEY_FEATURES[key as keyof typeof FLAKEY_FEATURES]] : [];
  });
  return {
    target: 'flakey',
    backing: backingOf('--flakey', word, parted),
    up,
    down,
    ...(features.length === 0 ? {} : { features }),
  };
}

const INTEGRITY_KEYS = { ...BACKING_KEYS, checksum: 'value', 'tag-size': 'value' } as const satisfies Keys;

function parseIntegrity(word: string): Segment {
  const option = '--integrity';
  const parted = parsePathWord(option, word, INTEGRITY_KEYS);
  const checksum = parted.keys.get('checksum');
  const tagSize = numberOf(option, word, parted, 'tag-size', 'bytes');
  if (checksum !== undefined && !isChecksumWord(checksum))
    throw usageError(`${option} ${word}: checksum=${checksum}: ${NO_CHECKSUM}`, CHECKSUM_HINT);
  if (tagSize !== undefined && (tagSize < 1 || tagSize > MAX_TAG_SIZE))
    throw usageError(`${option} ${word}: tag-size=${tagSize} is not from 1 to ${MAX_TAG_SIZE}`);
  const backing = backingOf(option, word, parted);
  if (backing.readOnly)
    throw usageError(`${option} ${word}: ro cannot be, for the target writes its journal`);
  return {
    target: 'integrity',
    backing,
    ...(checksum === undefined ? {} : { checksum }),
    ...(tagSize === undefined ? {} : { tagSize }),
  };
}

const VERITY_KEYS = {
  ...BACKING_KEYS,
  hash: 'value',
  root: 'value',
  'hash-offset': 'value',
  fec: 'value',
  'fec-offset': 'value',
  'fec-roots': 'value',
  signature: 'value',
} as const satisfies Keys;

function parseVerity(word: string): Segment {
  const option = '--verity';
  const parted = parsePathWord(option, word, VERITY_KEYS);
  const { keys } = parted;
  const [hash, root, fec] = [keys.get('hash'), keys.get('root'), keys.get('fec')];
  const signature = keys.get('signature');
  if (hash === undefined || root === undefined) {
    throw usageError(
      `${option} ${word}: ${hash === undefined ? 'hash=' : 'root='} is missing`,
      'as in --verity data.img,hash=hash.img,root=HEX, with the root hash that "veritysetup format" printed',
    );
  }
  if (!/^([0-9a-f]{2})+$/i.test(root))
    throw usageError(`${option} ${word}: root=${root} is no number of hexadecimal digits`);
  if (fec === undefined && (keys.has('fec-offset') || keys.has('fec-roots')))
    throw usageError(`${option} ${word}: fec= is missing`, 'fec-offset= and fec-roots= are of that file');
  const part = (path: string, key: string): Backing => {
    const offset = keys.get(key);
    return {
      path,
      ...(offset === undefined ? {} : { offset: parseBytes(`${option} ${word}: ${key}=${offset}`, offset) }),
    };
  };
  const roots = numberOf(option, word, parted, 'fec-roots', 'parity bytes');
  if (roots !== undefined && (roots < 2 || roots > 24))
    throw usageError(`${option} ${word}: fec-roots=${roots} is not from 2 to 24`);
  return {
    target: 'verity',
    backing: backingOf(option, word, parted),
    hash: part(hash, 'hash-offset'),
    root,
    ...(fec === undefined ? {} : { fec: part(fec, 'fec-offset') }),
    ...(roots === undefined ? {} : { fecRoots: roots }),
    ...(signature === undefined ? {} : { signature }),
  };
}

function parseCorruption(word: string, value: string): Corruption {
  const [, byte, direction, stored, flags] = /^(\d{1,9}):(r|w):(\d{1,3})(?::(\d{1,9}))?$/.exec(value) ?? [];
  if (byte === undefined || Number(byte) === 0 || Number(stored) > 255) {
    throw usageError(
      `--flakey ${word}: corrupt=${value} is not BYTE:r:VALUE or BYTE:w:VALUE`,
      'as in corrupt=32:r:1: the 32nd byte of each block that is read becomes 1; VALUE is at most 255',
    );
  }
  return {
    byte: Number(byte),
    direction: direction === 'r' ? 'r' : 'w',
    value: Number(stored),
    ...(flags === undefined ? {} : { flags: Number(flags) }),
  };
}

function numberOf(
  option: string,
  word: string,
  { keys }: PathWord,
  key: string,
  unit: string,
): number | undefined {
  const value = keys.get(key);
  if (value === undefined || /^\d{1,8}$/.test(value)) return value === undefined ? undefined : Number(value);
  throw usageError(`${option} ${word}: ${key}=${value} is no whole number of ${unit}`);
}
