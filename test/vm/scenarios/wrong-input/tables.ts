import { type Row, UNUSED } from './row.js';

const table = (lines: string) => `dmfd create --table '${lines}' ${UNUSED}`;

export const TABLES: readonly Row[] = [
  {
    what: 'no table',
    line: `dmfd create ${UNUSED}`,
    says: [/no table was given/, /hint: .*--table-file FILE/],
  },
  {
    what: 'a start that is no number',
    line: table('0x0 8 zero'),
    says: [/line 1: the 1st column, the start sector, is "0x0"/],
  },
  {
    what: 'a length with a unit',
    line: table('0 64M zero'),
    says: [
      /the 2nd column, the length in sectors, is "64M", and not a whole/,
      /hint: .*sectors of 512 bytes/,
    ],
  },
  {
    what: 'a gap',
    line: `dmfd create --table '0 8 zero' --table '16 8 zero' ${UNUSED}`,
    says: [/--table number 2, line 1: it starts at sector 16 and leaves a gap .* ends at 8/],
  },
  {
    what: 'an overlap',
    line: table('0 8 zero\n4 8 zero'),
    says: [/--table, line 2: it starts at sector 4 and overlaps .* ends at 8/],
  },
  {
    what: 'a device longer than any can be',
    line: table('0 18446744073709551615 zero'),
    says: [/would have 18446744073709551615 sectors, and at most 18014398509481983 are possible/],
  },
  {
    what: 'a table file that is missing',
    line: `dmfd create --table-file missing.table ${UNUSED}`,
    says: [/table file missing\.table: cannot read it: ENOENT, no such file/],
  },
  {
    what: 'a table file with a NUL byte',
    line: `dmfd create --table-file nul.table ${UNUSED}`,
    says: [/nul\.table, line 2: a NUL byte stands in it/],
  },
  {
    what: 'a table file in another encoding',
    line: `dmfd create --table-file latin1.table ${UNUSED}`,
    says: [/table file latin1\.table, line 1: it is not valid UTF-8/],
  },
  {
    what: 'a table on an empty standard input',
    line: `dmfd create --table-file - ${UNUSED} </dev/null`,
    says: [/standard input: there is no table line in it/],
  },
  {
    what: 'a loop word without a loop file',
    line: table('0 8 linear {loop0} 0'),
    says: [/the table says \{loop0\}, but no loop file was given/, /hint: .*--loop FILE/],
  },
  {
    what: 'a loop word beyond the loop files',
    line: `dmfd create --loop disk.img --table '0 8 linear {loop1} 0' ${UNUSED}`,
    says: [/the table says \{loop1\}, but only 1 loop file/],
  },
  {
    what: 'a loop file that the table does not use',
    line: `dmfd create --loop disk.img --table '0 8 zero' ${UNUSED}`,
    says: [/loop file "disk\.img": the table does not use it/, /hint: write \{loop0\}/],
  },
];
