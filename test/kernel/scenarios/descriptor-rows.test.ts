import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { expectNothingLeft, sh, vm } from '../../vm/scenarios/support.js';
import { expectedRows } from './expected-rows.js';

const rows = program('descriptor-rows');
const kinds = ['returned', 'opened'] as const;

describe('a descriptor from DM_DEV_CREATE, next to one from open(2)', () => {
  const expectations = expectedRows(vm.kernel.release);
  const seen = { returned: new Map<string, string>(), opened: new Map<string, string>() };

  beforeAll(async () => {
    const loop = (await sh('truncate -s 32M /tmp/rows && losetup -f --show /tmp/rows')).trim();
    const backing = (await sh(`cat /sys/block/${loop.slice('/dev/'.length)}/dev`)).trim();
    for (const kind of kinds) {
      const result = await vm.run([rows, kind, `rows-${kind}`, backing, '65535']);
      expect(result).toMatchObject({ code: 0, stderr: '' });
      for (const line of result.stdout.trim().split('\n')) {
        const [name = '', value = ''] = line.split('\t');
        seen[kind].set(name, value);
      }
    }
    await sh(`losetup -d ${loop}; rm /tmp/rows`);
  });

  afterAll(expectNothingLeft);

  test.each(Object.entries(expectations))('%s', (name, expected) => {
    const [returned, opened] = typeof expected === 'string' ? [expected, expected] : expected;
    expect({ returned: seen.returned.get(name), opened: seen.opened.get(name) }).toEqual({
      returned,
      opened,
    });
  });

  test('every row is expected', () => {
    for (const kind of kinds) expect([...seen[kind].keys()]).toEqual(Object.keys(expectations));
  });
});
