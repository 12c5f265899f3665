import { afterAll, beforeAll, expect, test } from 'vitest';
import { vmFile } from '../harness/checkout.js';
import { expectNothingLeft, sh, vm } from './support.js';

/** `make soak` has twenty times as many, on each of two kernels. */
const creations = Number(process.env.DMFD_SOAK ?? 250);
/** Long enough for thousands of creations in an emulated machine. */
const hours = 3 * 3_600_000;

beforeAll(async () => {
  await sh('mkdir -p /tmp/soak; modprobe dm-mod; modprobe loop');
  await vm.startUdev();
});

afterAll(async () => {
  await vm.stopUdev();
});

test(
  `${creations} creations beside random kills, udev and a stranger: nothing is left, and nobody else’s is touched`,
  async () => {
    const output = await sh(`node ${vmFile('scenarios/soak/supervisor.mjs')} ${creations} /tmp/soak`, hours);
    const { told, killed, wrong } = JSON.parse(output);
    console.info(output.trim());
    expect(wrong).toEqual([]);
    // The only failure there may be is that of a killed shield, and of a loop device that is still going.
    const { made, 'of a stranger': theirs, 'creation-killed': robbed = 0, ...others } = told;
    expect(others).toEqual({});
    expect(made).toBeGreaterThanOrEqual(creations);
    expect(robbed).toBeLessThanOrEqual(killed.shield);
    expect(theirs).toBeGreaterThan(0);
    expect(Object.keys(killed).sort()).toEqual(['command', 'dmfd', 'shield', 'udevd']);
    expect(Object.values(killed).every((count) => Number(count) > 0)).toBe(true);
    // A udevd that took the place of a killed one may never say that it has nothing to do.
    await sh('udevadm settle --timeout=20 || true');
    await expectNothingLeft();
    expect(await sh('dmfd ls')).toBe('');
    expect(await sh('find /dev/mapper /run/udev/data -name "*dmfd*" -o -name "*stranger*" -o -type b')).toBe(
      '',
    );
  },
  hours,
);
