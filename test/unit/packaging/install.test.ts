import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { checkout } from '../../vm/harness/checkout.js';
import { scratchFolder } from '../support/scratch.js';

const FOR_XEN = 'etc/xen/scripts/block-dmfd';

beforeAll(() => {
  execFileSync('node', [join(checkout, 'packaging/completions.mjs'), join(checkout, 'build/completions')]);
});

let root: string;
beforeEach(() => {
  root = scratchFolder();
});

test.each([
  [[], `"" "/usr/local"`],
  [['PREFIX=/opt/dmfd', 'DESTDIR=/tmp/root'], `"/tmp/root" "/opt/dmfd"`],
])('make install and uninstall, with %j', (variables, words) => {
  const options = ['--no-print-directory', '--dry-run', '--old-file=completions', '-C', checkout];
  const commands = execFileSync('make', [...options, 'install', 'uninstall', ...variables], {
    encoding: 'utf8',
  });
  expect(commands).toBe(
    `packaging/install.sh ${words} native-shims/build node_modules\npackaging/uninstall.sh ${words}\n`,
  );
});

test('below a folder of its own: it works there, writes nowhere else, and leaves nothing there', () => {
  const [prefix, forXen] = [join(root, 'own'), () => lstatSync(`/${FOR_XEN}`, { throwIfNoEntry: false })];
  const before = forXen()?.ctimeMs;
  install('', prefix);
  expect(execFileSync(join(prefix, 'sbin/dmfd'), ['--version'], { encoding: 'utf8' })).toMatch(/^\d+\.\d/);
  expect(forXen()?.ctimeMs).toBe(before);
  expect(readdirSync(root)).toEqual(['own']);
  uninstall('', prefix);
  expect(left()).toEqual([]);
});

test.each(['/usr/local', '/usr/'])('in a system, below %s: with the link for Xen', (prefix) => {
  install(root, prefix);
  expect(readlinkSync(join(root, FOR_XEN))).toBe(`${prefix.replace(/\/$/, '')}/sbin/dmfd`);
  uninstall(root, prefix);
  expect(left()).toEqual([]);
});

test('the link for Xen of another dmfd stays', () => {
  // As an installed package has it.
  for (const folder of ['etc/xen/scripts', 'usr/sbin']) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'usr/sbin/dmfd'), '');
  symlinkSync('../../../usr/sbin/dmfd', join(root, FOR_XEN));
  install(root, '/usr/local');
  uninstall(root, '/usr/local');
  expect(left()).toEqual(['etc/xen', FOR_XEN, 'usr/sbin/dmfd']);
});

function install(folder: string, prefix: string): void {
  const words = [folder, prefix, 'native-shims/build', 'node_modules'];
  execFileSync('packaging/install.sh', words, { cwd: checkout });
}

function uninstall(folder: string, prefix: string): void {
  execFileSync('packaging/uninstall.sh', [folder, prefix], { cwd: checkout });
}

/** All but folders that others may use, too. */
function left(): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() || ['dmfd', 'xen'].includes(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}
