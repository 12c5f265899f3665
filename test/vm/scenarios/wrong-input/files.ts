import { type Row, UNUSED } from './row.js';

const over = (file: string, more = '') =>
  `dmfd create --loop ${file} ${more} --table '0 1 linear {loop0} 0' ${UNUSED}`;
const taken = (file: string, more = '') =>
  `dmfd create --loop ${file} ${more} --table '0 1 linear {loop0} 0' -- true`;

export const FILES: readonly Row[] = [
  {
    what: 'a file that is missing',
    line: over('missing.img'),
    says: [
      /loop file "missing\.img": cannot find it: ENOENT/,
      /hint: check the name, or make the file: truncate/,
    ],
  },
  { what: 'a dangling link', line: over('dangling'), says: [/loop file "dangling": cannot find it: ENOENT/] },
  {
    what: 'a path that is not UTF-8',
    line: over('"$(printf \'d\\377.img\')"'),
    says: [/argument 3, d\ufffd\.img: it is not valid UTF-8/],
  },
  {
    what: 'a directory',
    line: over('directory'),
    says: [/loop file "directory": it is a directory, not a file/],
  },
  { what: 'a FIFO', line: over('fifo'), says: [/loop file "fifo": it is a FIFO, not a file/] },
  {
    what: 'a character device',
    line: over('/dev/null'),
    says: [/"\/dev\/null": it is a character device, not a file/],
  },
  {
    what: 'an empty file',
    line: over('empty.img'),
    says: [/loop file "empty\.img": it is empty/, /hint: .*truncate -s/],
  },
  {
    what: 'a file of 100 bytes',
    line: over('small.img'),
    says: [/"small\.img": 100 bytes, less than one sector of 512/],
  },
  {
    what: 'a file of an odd size, taken with a warning',
    line: taken('odd.img'),
    code: 0,
    says: [
      /^dmfd: loop file "odd\.img": its 1000 bytes are no multiple of 512; the last 488 are left out\n$/,
    ],
  },
  {
    what: 'an immutable file',
    line: over('mounted/immutable.img'),
    says: [/"mounted\/immutable\.img": cannot write it: EPERM/, /hint: use --readonly/],
  },
  {
    what: 'an immutable file, to read',
    line: taken('mounted/immutable.img', '--readonly'),
    code: 0,
    says: [/^$/],
  },
  {
    what: 'a file on a read-only file system',
    line: over('readonly/other.img'),
    says: [/"readonly\/other\.img": cannot write it: EROFS, read-only file system/, /hint: use --readonly/],
  },
  {
    what: 'a file on a read-only file system, to read',
    line: taken('readonly/other.img', '--readonly'),
    code: 0,
    says: [/^$/],
  },
  {
    what: 'a program that runs',
    line: `./program 60 & sleep 0.2; ${over('program')}; code=$?; kill $!; exit $code`,
    says: [/loop file "program": cannot write it: ETXTBSY/, /hint: use --readonly/],
  },
];
