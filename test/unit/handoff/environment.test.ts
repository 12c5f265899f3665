import { expect, test } from 'vitest';
import { bytesOf } from '../../../src/handoff/bytes.js';
import { commandEnvironment } from '../../../src/handoff/environment.js';
import { description } from './description.js';

const OURS = [
  'DMFD_FD=3',
  'DMFD_PATH=/dev/dm-5',
  'DMFD_NAME=mine',
  'DMFD_UUID=DMFD-1',
  'DMFD_DEV=254:5',
  'DMFD_DISKSEQ=42',
  'DMFD_SIZE=4096',
  'DMFD_MODE=fallback',
];

test.each<[what: string, caller: string[], kept: string[]]>([
  ['nothing', [], []],
  ['the usual', ['PATH=/bin', 'EMPTY=', 'EQUALS=a=b'], ['PATH=/bin', 'EMPTY=', 'EQUALS=a=b']],
  ['ours of an outer dmfd', ['DMFD_FD=9', 'A=1', 'DMFD_NAME=outer'], ['A=1']],
  ['names that only begin like ours', ['DMFD_FDS=9', 'XDMFD_FD=1'], ['DMFD_FDS=9', 'XDMFD_FD=1']],
  ['the same name twice', ['A=1', 'A=2'], ['A=1', 'A=2']],
  ['bytes that are not UTF-8', ['A=\xff\xfe'], ['A=\xff\xfe']],
  ['an entry without =', ['junk'], ['junk']],
])('with %s in it, the environment is that and the device', (_what, caller, kept) => {
  expect(commandEnvironment(caller, description())).toEqual([...kept, ...OURS]);
});

test('a name goes in as UTF-8', () => {
  expect(commandEnvironment([], description({ name: 'ü' }))).toContain(bytesOf('DMFD_NAME=ü'));
});
