import { expect, test } from 'vitest';
import { parseParams } from '../../../src/xen/params.js';
import { refusal } from '../support/refusal.js';

test.each([
  ['/a', { form: 'path', path: '/a' }],
  ['/with space,comma', { form: 'path', path: '/with space,comma' }],
  ['/dev/disk/by-path/pci-0000\\:00\\:1f', { form: 'path', path: '/dev/disk/by-path/pci-0000:00:1f' }],
  ['/back\\\\slash', { form: 'path', path: '/back\\slash' }],
  ['/ends with a colon\\:', { form: 'path', path: '/ends with a colon:' }],
  ['overlay:/base', { form: 'overlay', base: '/base', cow: undefined }],
  ['overlay:/base:/cow', { form: 'overlay', base: '/base', cow: '/cow' }],
  ['overlay:/b\\:ase:/c\\\\ow', { form: 'overlay', base: '/b:ase', cow: '/c\\ow' }],
  ['crypt:/a', { form: 'crypt', path: '/a' }],
  ['crypt-overlay:/base:/cow', { form: 'crypt-overlay', base: '/base', cow: '/cow' }],
  ['table:/etc/table', { form: 'table', file: '/etc/table' }],
  ['/ü/😀', { form: 'path', path: '/ü/😀' }],
] as const)('%s', (text, params) => {
  expect(parseParams(text, 'dmfd')).toEqual(params);
});

test.each([
  ['/base:/cow', { form: 'snapshot', base: '/base', cow: '/cow', top: undefined }],
  ['/base:/cow:/cow2', { form: 'snapshot', base: '/base', cow: '/cow', top: '/cow2' }],
  ['/b\\:ase:/cow', { form: 'snapshot', base: '/b:ase', cow: '/cow', top: undefined }],
])('block-snapshot: %s', (text, params) => {
  expect(parseParams(text, 'block-snapshot')).toEqual(params);
});

test.each([
  ['', 'dmfd', /"" is not an absolute path/],
  ['a', 'dmfd', /"a" is not an absolute path/],
  ['LABEL=x', 'dmfd', /"LABEL=x" is not an absolute path/],
  ['/a:/b', 'dmfd', /it is not PATH, overlay:BASE/],
  ['/a:', 'dmfd', /it is not PATH/],
  [':/a', 'dmfd', /it is not PATH/],
  ['overlay', 'dmfd', /"overlay" is not an absolute path/],
  ['overlay:', 'dmfd', /"" is not an absolute path/],
  ['overlay:/a:', 'dmfd', /"" is not an absolute path/],
  ['overlay:/a:/b:/c', 'dmfd', /it is not PATH/],
  ['overlay:a', 'dmfd', /"a" is not an absolute path/],
  ['crypt:/a:/b', 'dmfd', /it is not PATH/],
  ['crypt-overlay:/a', 'dmfd', /it is not PATH/],
  ['table:/a:/b', 'dmfd', /it is not PATH/],
  ['Crypt:/a', 'dmfd', /it is not PATH/],
  ['phy:/a', 'dmfd', /it is not PATH/],
  ['/a\\n', 'dmfd', /a backslash stands before something else/],
  ['/a\\', 'dmfd', /a backslash stands before something else/],
  ['/a\n', 'dmfd', /control characters/],
  ['/a\0', 'dmfd', /control characters/],
  ['/a', 'block-snapshot', /it is not BASE:COW or BASE:COW:COW2/],
  ['/a:/b:/c:/d', 'block-snapshot', /it is not BASE:COW/],
  ['/a:b', 'block-snapshot', /"b" is not an absolute path/],
] as const)('%j of %s is refused', (text, syntax, message) => {
  expect(refusal(() => parseParams(text, syntax))).toMatchObject({
    code: 'xen-disk-invalid',
    message: expect.stringMatching(message),
    hint: expect.stringContaining('a colon is written as \\:'),
  });
});
