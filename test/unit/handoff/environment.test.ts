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
  'DMFD_FDS=mine=3',
];

const NOTHING = { passed: [], dropped: [], added: [] };

test.each<[what: string, caller: string[], kept: string[]]>([
  ['nothing', [], []],
  ['the usual', ['PATH=/bin', 'EMPTY=', 'EQUALS=a=b'], ['PATH=/bin', 'EMPTY=', 'EQUALS=a=b']],
  ['ours of an outer dmfd', ['DMFD_FD=9', 'A=1', 'DMFD_NAME=outer'], ['A=1']],
  ['names that only begin like ours', ['DMFD_FDSX=9', 'XDMFD_FD=1'], ['DMFD_FDSX=9', 'XDMFD_FD=1']],
  ['the read-only descriptor of an outer one', ['DMFD_RO_FD=4'], []],
  [
    'the loop devices of an outer one',
    ['DMFD_LOOP0=/dev/loop0', 'DMFD_LOOP12=x', 'DMFD_LOOPX=1'],
    ['DMFD_LOOPX=1'],
  ],
  ['the same name twice', ['A=1', 'A=2'], ['A=1', 'A=2']],
  ['bytes that are not UTF-8', ['A=\xff\xfe'], ['A=\xff\xfe']],
  ['an entry without =', ['junk'], ['junk']],
])('with %s in it, the environment is that and the device', (_what, caller, kept) => {
  expect(commandEnvironment(caller, description(), NOTHING)).toEqual([...kept, ...OURS]);
});

test('each loop device has a variable', () => {
  const environment = commandEnvironment(
    ['DMFD_LOOP0=old'],
    description({ loops: ['/dev/loop4', '/dev/loop7'] }),
    NOTHING,
  );
  expect(environment.filter((entry) => entry.startsWith('DMFD_LOOP'))).toEqual([
    'DMFD_LOOP0=/dev/loop4',
    'DMFD_LOOP1=/dev/loop7',
  ]);
});

test('each layer below has variables', () => {
  const layer = {
    path: '/dev/dm-4',
    name: 'low',
    uuid: 'U',
    dev: '254:4',
    diskseq: '41',
    size: '512',
    loops: ['/dev/loop3'],
  };
  const environment = commandEnvironment(
    ['DMFD_LAYER0_NAME=old', 'DMFD_LAYER7_PATH=old', 'DMFD_LAYER1_LOOP0=old', 'DMFD_LAYERS=kept'],
    description({ below: [layer] }),
    NOTHING,
  );
  expect(environment.filter((entry) => entry.startsWith('DMFD_LAYER'))).toEqual([
    'DMFD_LAYERS=kept',
    'DMFD_LAYER0_PATH=/dev/dm-4',
    'DMFD_LAYER0_NAME=low',
    'DMFD_LAYER0_UUID=U',
    'DMFD_LAYER0_DEV=254:4',
    'DMFD_LAYER0_DISKSEQ=41',
    'DMFD_LAYER0_SIZE=512',
    'DMFD_LAYER0_LOOP0=/dev/loop3',
  ]);
});

test('a name goes in as UTF-8', () => {
  const environment = commandEnvironment([], description({ name: 'ü' }), NOTHING);
  expect(environment).toEqual(expect.arrayContaining([bytesOf('DMFD_NAME=ü'), bytesOf('DMFD_FDS=ü=3')]));
});

test.each([
  [['DMFD_FDS=a=3,b=4'], [3, 4], 'a=3,b=4,mine=7'],
  // Their descriptors were closed, or replaced by ours.
  [['DMFD_FDS=a=3,b=4'], [4], 'b=4,mine=7'],
  [['DMFD_FDS=a=3,b=4'], [], 'mine=7'],
  [['DMFD_FDS='], [3], 'mine=7'],
  [['DMFD_FDS=junk,=3,a=,a=b=3,b=3x'], [0, 3], 'mine=7'],
])('with %j and the descriptors %j, all devices are %s', (caller, passed, all) => {
  const environment = commandEnvironment(caller, description({ fd: '7' }), { ...NOTHING, passed });
  expect(environment.filter((entry) => entry.startsWith('DMFD_FDS='))).toEqual([`DMFD_FDS=${all}`]);
});

test('punctuation in a name is told from that of the list', () => {
  const environment = commandEnvironment([], description({ name: 'a,b=3%' }), NOTHING);
  expect(environment).toContain('DMFD_FDS=a%2Cb%3D3%25=3');
  const nested = commandEnvironment(environment, description({ name: 'c', fd: '4' }), {
    ...NOTHING,
    passed: [3],
  });
  expect(nested).toContain('DMFD_FDS=a%2Cb%3D3%25=3,c=4');
});

test('what is dropped goes, what is added comes, and a read-only descriptor has its variable', () => {
  const environment = commandEnvironment(['LISTEN_PID=1', 'A=1'], description(), {
    passed: [],
    readOnlyFd: 9,
    dropped: ['LISTEN_PID'],
    added: ['B=2'],
  });
  expect(environment).toEqual(expect.arrayContaining(['A=1', 'B=2', 'DMFD_RO_FD=9']));
  expect(environment).not.toContain('LISTEN_PID=1');
});
