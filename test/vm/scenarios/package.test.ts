import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { checkout } from '../harness/checkout.js';
import { everything, expectNothingLeft, image, sh, vm } from './support.js';

/** What is installed from the packages runs by itself, without anything of this checkout. `make package` has made them. */
const packages = join(checkout, 'build/packages');
const installed = join(checkout, 'build/test/installed', vm.kernel.name);

/** How it gets there, and the folder of the command. */
const WAYS = {
  npm: { install: installFromNpm, place: join(installed, 'npm/bin') },
  Debian: { install: installFromDebian, place: join(installed, 'debian/usr/sbin') },
  'make install': { install: makeInstall, place: join(installed, 'made/usr/sbin') },
};
const ways = Object.entries(WAYS).map(([way, { place }]) => ({ way, place }));

beforeAll(async () => {
  rmSync(installed, { recursive: true, force: true });
  for (const { install } of Object.values(WAYS)) install();
  await image('package.img', 16);
});

afterEach(expectNothingLeft);

test.each(ways)('$way: the main job', async ({ place }) => {
  const script = `dmfd create --loop /tmp/package.img --table '0 32768 linear {loop0} 0' -- \\
    sh -c 'mkfs.ext4 -q "$1" && mount "$1" /mnt && echo by ${place} >/mnt/file && cat /mnt/file && umount /mnt' sh {path}`;
  expect(await sh(`PATH=${place}:$PATH; command -v dmfd; ${script}`)).toBe(`${place}/dmfd\nby ${place}\n`);
});

test.each(everything ? ways : ways.filter(({ way }) => way === 'Debian'))(
  '$way: swap, and its end',
  async ({ place }) => {
    await sh('fallocate -l 16M /tmp/package-swap && chmod 600 /tmp/package-swap');
    const swaps = "tail -n +2 /proc/swaps | cut -d ' ' -f 1";
    const script = `dmfd swap /tmp/package-swap --name 'a swap' >/dev/null; ${swaps}; dmfd-swap-stop 'a swap'; ${swaps}`;
    expect(await sh(`PATH=${place}:$PATH; ${script}`)).toMatch(/^\/dev\/dm-\d+\n$/);
  },
);

test('npm: the library, with its types', async () => {
  const place = join(installed, 'npm/lib/node_modules/dmfd');
  const script = `import { createDevice } from '${place}/dist/module/index.js';
    const device = await createDevice({ table: '0 2048 zero' });
    console.log(device.size);
    await device[Symbol.asyncDispose]();`;
  expect(await sh(`node --input-type=module -e "${script}"`)).toBe('1048576n\n');
  expect(readdirSync(join(place, 'dist/types'))).toContain('index.d.ts');
});

// A minute of dpkg's, of which unit tests and the trial on a minimal Debian say the most.
test.runIf(everything)('Debian: what is compiled where it is installed goes with it', async () => {
  const [deb] = packagesLike(/_amd64\.deb$/);
  const compiled = 'ls /usr/lib/dmfd/dist/command | grep -c cache';
  const script = `dpkg -i ${deb} >/dev/null && ${compiled}; /usr/sbin/dmfd create --table '0 8 zero' -- echo made
    rm /usr/lib/dmfd/dist/command/*.cache; dpkg-trigger --no-await /usr/bin/node && dpkg --configure -a >/dev/null; ${compiled}
    dpkg --remove dmfd >/dev/null; test ! -e /usr/lib/dmfd && echo gone`;
  expect(await sh(script)).toBe('1\nmade\n1\ngone\n');
});

test('make uninstall leaves nothing', () => {
  make('uninstall');
  const others = ['!', '-type', 'd', '-o', '-name', 'dmfd', '-o', '-name', 'xen'];
  expect(execFileSync('find', [join(installed, 'made'), ...others], { encoding: 'utf8' })).toBe('');
});

// What make install runs; the unit tests say so, and have other prefixes.
test.runIf(everything)('installed where it is without PREFIX and DESTDIR, it runs', async () => {
  const script = `cd ${checkout} && packaging/install.sh '' /usr/local native-shims/build node_modules && cd /
    ls /usr/local/lib/dmfd/dist/command | grep -c cache; readlink /etc/xen/scripts/block-dmfd
    dmfd create --table '0 8 zero' -- cat /proc/self/comm; command -v dmfd
    ${checkout}/packaging/uninstall.sh '' /usr/local; ls -d /usr/local/lib/dmfd /etc/xen 2>&1 | grep -c 'No such'`;
  const inOrder = '1\n/usr/local/sbin/dmfd\ncat\n/usr/local/sbin/dmfd\n2\n';
  expect(await sh(script)).toBe(inOrder);
});

test('npm: less than a megabyte, its binaries as they were built, and what has to be said of them', () => {
  const [tarball] = packagesLike(/\.tgz$/);
  expect(statSync(tarball).size).toBeLessThan(1_000_000);
  const place = join(installed, 'npm/lib/node_modules/dmfd');
  const sums = execFileSync('sha256sum', ['--check', 'SHA256SUMS'], {
    cwd: join(place, 'prebuilt'),
    encoding: 'utf8',
  });
  const binaries = ['aarch64', 'x86_64'].flatMap((machine) => [`${machine}/dmfd`, `${machine}/libdmfd.so`]);
  expect(sums).toBe(binaries.map((binary) => `${binary}: OK\n`).join(''));
  const notices = readFileSync(join(place, 'prebuilt/THIRD-PARTY-NOTICES'), 'utf8');
  expect(notices).toMatch(/^ {2}x86_64: libc6-dev \d.*\n {2}aarch64: libc6-dev-arm64-cross \d/m);
  expect(notices).toMatch(/GNU LESSER GENERAL PUBLIC LICENSE\s+Version 2\.1/);
});

/** Of those in src/. */
const ROOMS_OF_LIBRARY = 'backing content device dm kernel key library loop segment swap'.split(' ');

/** What npm gets, beside the types. */
const IN_TARBALL = [
  ...['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'],
  ...['compile.js', 'dmfd.js', 'dmfd.sh', 'dmfd-swap-stop', 'package.json'].map((file) => `bin/${file}`),
  ...['dmfd-launcher.socket', 'dmfd-swap@.service', 'dmfd.service', 'dmfd.socket'].map(
    (unit) => `bin/${unit}`,
  ),
  ...['batch-and-serve', 'batch', 'dmfd', 'ora', 'serve', 'warm', 'watch-thread'].map(
    (part) => `dist/command/${part}.cjs`,
  ),
  'dist/command/THIRD-PARTY-NOTICES',
  ...['index', 'shared', 'worker'].map((part) => `dist/module/${part}.js`),
  ...['SHA256SUMS', 'THIRD-PARTY-NOTICES'].map((file) => `prebuilt/${file}`),
  ...['aarch64', 'x86_64'].flatMap((machine) => [
    `prebuilt/${machine}/dmfd`,
    `prebuilt/${machine}/libdmfd.so`,
  ]),
];

test('npm: the commands, the units, the library with its types, the man pages, and nothing else', () => {
  const [tarball] = packagesLike(/\.tgz$/);
  const listed = execFileSync('tar', ['--list', '--file', tarball], { encoding: 'utf8' });
  const files = listed
    .trimEnd()
    .split('\n')
    .map((file) => file.replace(/^package\//, ''));
  const isType = (file: string) => file.startsWith('dist/types/');
  const { man } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
  expect(files.filter((file) => !isType(file)).sort()).toEqual([...IN_TARBALL, ...man].sort());
  const rooms = new Set(files.filter(isType).map((file) => file.split('/').slice(2, -1).join('/')));
  expect([...rooms].sort()).toEqual(['', ...ROOMS_OF_LIBRARY]);
});

test('Debian: the copyright file names all who have written what is bundled', () => {
  const read = (path: string) => readFileSync(join(installed, 'debian/usr', path), 'utf8');
  const notices = read('lib/dmfd/dist/command/THIRD-PARTY-NOTICES');
  const holders = [...notices.matchAll(/^Copyright \(c\) (.*)$/gm)].map(([, holder = '']) => ` ${holder}`);
  expect(holders.length).toBeGreaterThan(3);
  expect(read('share/doc/dmfd/copyright').split('\n')).toEqual(expect.arrayContaining(holders));
});

function installFromNpm(): void {
  const [tarball] = packagesLike(/\.tgz$/);
  run('npm', 'install', '--global', '--ignore-scripts', '--prefix', join(installed, 'npm'), tarball);
}

function installFromDebian(): void {
  const [deb] = packagesLike(/_amd64\.deb$/);
  run('dpkg-deb', '--extract', deb, join(installed, 'debian'));
}

function makeInstall(): void {
  make('install');
}

function make(target: string): void {
  run('make', '-C', checkout, target, 'PREFIX=/usr', `DESTDIR=${join(installed, 'made')}`);
}

function packagesLike(name: RegExp): [string] {
  const [file, ...others] = readdirSync(packages).filter((entry) => name.test(entry));
  if (file === undefined || others.length > 0)
    throw new Error(`not one package ${name} in ${packages}: make package`);
  return [join(packages, file)];
}

function run(program: string, ...words: string[]): void {
  execFileSync(program, words, { stdio: ['ignore', 'ignore', 'inherit'] });
}
