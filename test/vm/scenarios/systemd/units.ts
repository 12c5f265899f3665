import { expect } from 'vitest';
import { sh, vm } from '../support.js';

/** Puts unit files in place, `NAME: TEXT`, and has systemd read them. */
export async function addUnits(units: Readonly<Record<string, string>>): Promise<void> {
  const script = Object.keys(units).map(
    (name, index) => `printf %s "$${index + 1}" >'/run/systemd/system/${name}'`,
  );
  const lines = ['mkdir -p /run/systemd/system', ...script, 'systemctl daemon-reload'];
  const { code, stderr } = await vm.run(['sh', '-euc', lines.join('\n'), 'units', ...Object.values(units)]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

/** Properties of a unit, as `systemctl show` has them. */
export async function show<Name extends string>(
  unit: string,
  ...names: Name[]
): Promise<Record<Name, string>> {
  const lines = await sh(`systemctl show '${unit}' --property=${names.join(',')}`);
  const pairs = lines
    .trim()
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  return Object.fromEntries(pairs);
}

/** What a unit's processes wrote to the journal, and what systemd wrote about it, since the guest booted. */
export function journal(unit: string): Promise<string> {
  return sh(`journalctl --sync; journalctl --no-pager --output=cat --unit='${unit}'`);
}
