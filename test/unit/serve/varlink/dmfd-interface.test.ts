import { expect, test } from 'vitest';
import { deviceJson, summaryJson, swapJson } from '../../../../src/cli/device-json.js';
import { toJson } from '../../../../src/cli/json.js';
import { checkRemovalRequest } from '../../../../src/device/remove.js';
import { checkRequest } from '../../../../src/device/request.js';
import { checkResizeRequest } from '../../../../src/device/resize.js';
import { checkSegments } from '../../../../src/segment/request.js';
import { parseInterface, type Type } from '../../../../src/serve/varlink/description.js';
import { DMFD_INTERFACE } from '../../../../src/serve/varlink/dmfd-interface.js';
import { METHODS } from '../../../../src/serve/varlink/methods.js';
import { checkFields } from '../../../../src/serve/varlink/values.js';
import { checkSwapRequest } from '../../../../src/swap/request.js';
import { facts, summary } from '../../support/device.js';
import { refusal } from '../../support/refusal.js';

const description = parseInterface(DMFD_INTERFACE);
const { types, methods } = description;

test('each method that is described is there, and no other', () => {
  expect(Object.keys(METHODS)).toEqual([...methods.keys()]);
});

/** The names of the types that a type names, and so on. */
function namesIn(type: Type): string[] {
  if (type.kind === 'named') return [type.name];
  if (type.kind === 'struct') return [...type.fields.values()].flatMap(namesIn);
  return 'of' in type ? namesIn(type.of) : [];
}

test('each type that is named is there, and used', () => {
  const all = [...methods.values()].flatMap(({ input, output }) => [...input.values(), ...output.values()]);
  const named = [...all, ...types.values()].flatMap(namesIn);
  expect([...new Set(named)].sort()).toEqual([...types.keys()].sort());
});

/** What the library says of a property that there is none of: the others. */
function propertiesOf(check: (request: never) => unknown, request: object): string[] {
  const { hint = '' } = refusal(() => check({ ...request, nope: 1 } as never));
  return hint.replace('a request may have: ', '').split(', ');
}

const inputOf = (method: string) => [...(methods.get(method)?.input.keys() ?? [])];

function fieldsOf(name: string): string[] {
  const type = types.get(name);
  return type?.kind === 'struct' ? [...type.fields.keys()] : [];
}

test.each<[what: string, fields: string[], properties: string[]]>([
  // A listener, and a link that goes with a handle, are for one process.
  [
    'Create',
    [...inputOf('Create'), 'mapperLink', 'onStep'],
    propertiesOf(checkRequest, { table: '0 8 zero' }),
  ],
  [
    'Layer',
    fieldsOf('Layer'),
    propertiesOf((layer) => checkRequest({ table: '0 8 linear {below} 0', below: [layer] }), {
      table: '0 8 zero',
    }),
  ],
  [
    'Backing',
    fieldsOf('Backing'),
    propertiesOf((backing) => checkRequest({ table: '0 8 linear {loop0} 0', loop: [backing] }), {
      path: '/a',
    }),
  ],
  ['CreateSwap', [...inputOf('CreateSwap'), 'onStep'], propertiesOf(checkSwapRequest, { backing: '/a' })],
  ['Remove', inputOf('Remove'), propertiesOf(checkRemovalRequest, { device: 'a' })],
  ['Resize', inputOf('Resize'), propertiesOf(checkResizeRequest, { device: 'a' })],
  [
    'Segment',
    // Two fields where the library has one that may be of either kind.
    fieldsOf('Segment').filter((name) => name !== 'corruptions' && name !== 'cowSize'),
    [
      ...new Set(
        targets().flatMap((target) => propertiesOf((segment) => checkSegments([segment]), { target })),
      ),
    ],
  ],
  [
    'Message',
    fieldsOf('Message'),
    propertiesOf((message) => checkRequest({ table: '0 8 zero', messages: [message] }), { text: 'x' }),
  ],
])('%s has the properties of the library’s request', (_, fields, properties) => {
  expect(fields.sort()).toEqual(properties.sort());
});

function targets(): readonly string[] {
  const type = types.get('Target');
  return type?.kind === 'enum' ? type.words : [];
}

test('a segment may have each target that the library has', () => {
  const { message } = refusal(() => checkSegments([{ target: 'nope' } as never]));
  const [, words = ''] = /it must be (.*)$/.exec(message) ?? [];
  expect([...targets()].sort()).toEqual([...words.matchAll(/"(\w+)"/g)].map(([, word]) => word).sort());
});

/** What a client would read. */
const wired = (value: object): unknown => JSON.parse(toJson(value));

const listed = summary({ targets: ['zero'], openCount: 1 });
const swap = {
  ...facts({ key: 'keyring' }),
  backing: '/dev/sdb',
  cipher: 'x',
  keySize: 512,
  label: '',
  swapUuid: 'x',
  swapSize: 4096n,
};
const layered = facts({
  loops: [{ major: 7, minor: 3, diskseq: 5n, file: '/a' }],
  below: [facts({ key: 'table' })],
});

test.each<[method: string, output: object]>([
  ['Create', { device: deviceJson(layered), fileDescriptor: 0, warnings: ['x'] }],
  ['CreateSwap', { swap: swapJson(swap), warnings: [] }],
  ['List', { devices: [summaryJson(listed), summaryJson({ ...listed, created: new Date() })] }],
  ['Remove', { device: summaryJson(listed), gone: true, holders: ['x'] }],
])('%s answers as it is described', (method, output) => {
  const fields = methods.get(method)?.output ?? new Map();
  expect(checkFields(description, fields, wired(output))).toMatchObject({});
});
