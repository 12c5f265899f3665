/**
 * What has to be said of the packages whose code is in the bundles. Beside them, it is the file THIRD-PARTY-NOTICES.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OWN_CODE_OF_ROLLDOWN = /^\0rolldown\//;
const ROLLDOWN = fileURLToPath(new URL('../node_modules/rolldown', import.meta.url));

/** @param modules ids of rolldown's, which are paths; @returns the folders of the packages that they are from */
export function packagesOf(modules) {
  const folders = Array.from(modules, (id) =>
    OWN_CODE_OF_ROLLDOWN.test(id) ? ROLLDOWN : /.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0],
  );
  return Array.from(new Set(folders.filter(Boolean))).sort((one, other) =>
    basename(one) < basename(other) ? -1 : 1,
  );
}

/** Each licence once, after the packages that are under it. */
export function noticesOf(folders) {
  const under = new Map();
  for (const folder of folders) {
    const licence = licenceIn(folder);
    under.set(licence, [...(under.get(licence) ?? []), titleOf(folder)]);
  }
  const sections = Array.from(under, ([licence, titles]) => `${titles.join('\n')}\n\n${licence}\n`);
  return [
    'The files in this folder contain parts of the following packages, under the licences below them.\n',
    ...sections,
  ].join(`\n${'-'.repeat(80)}\n\n`);
}

function licenceIn(folder) {
  const [file] = readdirSync(folder).filter((name) => /^licen[cs]e/i.test(name));
  if (file === undefined) throw new Error(`${folder} has no licence`);
  return readFileSync(join(folder, file), 'utf8').trim();
}

function titleOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return `${name} ${version} (${license})`;
}
