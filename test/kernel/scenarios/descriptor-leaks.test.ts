import { afterEach, describe, expect, test } from 'vitest';
import { program } from '../../programs.js';
import { testsAll } from '../../vm/default-set.js';
import { sh } from '../../vm/scenarios/support.js';

const loop = program('descriptor-loop');
const stress = program('descriptor-stress');
/** DMFD_LEAK_ROUNDS=6 takes minutes, and then the kernel's memory is looked at as well. */
const rounds = Number(process.env.DMFD_LEAK_ROUNDS ?? (testsAll ? 2 : 1));
/** Of so many, one object each is more than may be left. */
const count = rounds > 1 ? 500 : 200;

/** The kernel destroys these one after the other, so many take a while. */
const allGone = () => sh('until dmsetup ls | grep -q "No devices"; do sleep 0.1; done', 90_000);

/** Objects of the kinds that a device or its descriptor is made of. */
async function objects(): Promise<{ files: number; inodes: number; slab: number }> {
  const said = await sh(`sync; echo 3 >/proc/sys/vm/drop_caches; sleep 1
    cat /proc/sys/fs/file-nr /proc/sys/fs/inode-nr; sed -n 's/^SUnreclaim: *//p' /proc/meminfo`);
  const [files, inodes, slab] = said.split('\n').map((line) => Number.parseInt(line, 10));
  return { files: files ?? NaN, inodes: inodes ?? NaN, slab: slab ?? NaN };
}

afterEach(allGone);

describe('many devices', () => {
  test(`${rounds * count} made and closed leave nothing`, { timeout: 600_000 }, async () => {
    // The caches of the kernel's allocators grow for some rounds. What leaks is lost again in every round.
    let before = await objects();
    let smallestGrowth = Number.POSITIVE_INFINITY;
    for (let round = 1; round <= rounds; round++) {
      expect(await sh(`${loop} ${count}`, 120_000)).toBe('left 0\n');
      await allGone();
      const after = await objects();
      expect(after.files - before.files).toBeLessThan(100);
      expect(after.inodes - before.inodes).toBeLessThan(100);
      smallestGrowth = Math.min(smallestGrowth, after.slab - before.slab);
      before = after;
    }
    // Kibibytes: less than a struct file for each of the 500.
    if (rounds >= 6) expect(smallestGrowth).toBeLessThan(100);
    expect(await sh('ls /sys/block | grep -c dm- || :')).toBe('0\n');
  });

  test('eight threads at once, with clashes, forks and a thread that closes what is not its own', async () => {
    const said = await sh(`${stress} 8 60`, 120_000);
    expect(said).toMatch(/^created [1-9]\d*\nclashed \d+\nwrong 0\n$/);
  });
});
