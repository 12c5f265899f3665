import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout } from '../../vm/harness/checkout.js';
import { distribution } from '../support/distribution.js';

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const notices = readFileSync(distribution('command/THIRD-PARTY-NOTICES'), 'utf8');

test('every package in the bundles is named, with its licence', () => {
  const packages = [readPackage('rolldown'), ...bundledPackages()];
  const titles = packages.map(({ name, version, license }) => `${name} ${version} (${license})`);
  expect(notices.match(/^\S+ \d+\.\d+\.\d+ \(.*\)$/gm)?.sort()).toEqual(titles.sort());
  for (const { name } of packages) expect(notices).toContain(licenceOf(name));
});

test('each of their licences has its text in the copyright file of the Debian package', () => {
  const copyright = readFileSync(join(checkout, 'packaging/debian/copyright'), 'utf8');
  const [, licences = ''] =
    /^Files: usr\/lib\/dmfd\/dist\/command\/\*\n(?:.+\n)*?License: (.*)/m.exec(copyright) ?? [];
  expect(new Set(bundledPackages().map(({ license }) => license))).toEqual(
    new Set(licences.split(' and ').filter((name) => name !== 'Apache-2.0')),
  );
  for (const name of licences.split(' and '))
    expect(copyright).toMatch(new RegExp(`^License: ${name}\n \\S`, 'm'));
});

test('the copyright file of the Debian package names what is linked to the addon of ffi-rs, in the versions of this one', () => {
  const copyright = readFileSync(join(checkout, 'packaging/debian/copyright'), 'utf8');
  const [, comment = ''] = /^Files: .*@yuuang\/\*\n(?:.+\n)*?Comment: ((?:.+\n)*)/m.exec(copyright) ?? [];
  const said = comment.replace(/\s+/g, ' ');
  expect(said).toContain(`ffi-rs ${lockedVersion('ffi-rs')},`);
  for (const crate of linkedCrates()) expect(said).toContain(crate);
});

function lockedVersion(name: string): string {
  const { packages } = JSON.parse(readFileSync(join(checkout, 'package-lock.json'), 'utf8'));
  return packages[`node_modules/${name}`].version;
}

/** Those that tell in which of their files they would fail. */
function linkedCrates(): string[] {
  const folder = join(checkout, 'node_modules/@yuuang');
  const addons = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.node'),
  );
  const found = addons.flatMap((addon) => {
    const text = readFileSync(join(folder, addon), 'latin1');
    return [...text.matchAll(/\/(?:registry\/src\/[^/]+|rust\/deps)\/([\w-]+?)-(\d+\.\d+\.\d+)\//g)];
  });
  const crates = new Set(found.map(([, name, version]) => `${name} ${version}`));
  expect(crates.size).toBeGreaterThan(10);
  return [...crates];
}

/** What the source imports, and what that needs; what is installed beside dmfd is not bundled. */
function bundledPackages(): Package[] {
  const beside = Object.keys(readPackage('..').dependencies ?? {});
  const names = new Set(importedNames().filter((name) => !beside.includes(name)));
  const packages: Package[] = [];
  // It goes on to those that are added meanwhile.
  for (const name of names) {
    const found = readPackage(name);
    packages.push(found);
    for (const needed of Object.keys(found.dependencies ?? {})) names.add(needed);
  }
  return packages;
}

function importedNames(): string[] {
  const files = readdirSync(join(checkout, 'src'), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(checkout, 'src', file), 'utf8'))
    .flatMap((text) => [...text.matchAll(/^(?:im|ex)port (?!type\b).*from '(?!node:|\.)([^']*)';$/gm)])
    .map(([, name = '']) => name);
}

function readPackage(name: string): Package {
  return JSON.parse(readFileSync(join(checkout, 'node_modules', name, 'package.json'), 'utf8'));
}

function licenceOf(name: string): string {
  const folder = join(checkout, 'node_modules', name);
  const [file = 'none'] = readdirSync(folder).filter((entry) => /^licen[cs]e/i.test(entry));
  return readFileSync(join(folder, file), 'utf8').trim();
}
