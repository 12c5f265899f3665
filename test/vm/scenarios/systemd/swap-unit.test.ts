import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { checkout, vmFile } from '../../harness/checkout.js';
import { everything, expectNothingLeft, sh, thorough, vm } from '../support.js';
import { addUnits, journal, show } from './units.js';

// With what has a meaning in a unit.
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is systemd's syntax
const FILE = '/run/swap-file, a ${HOME} 50%';
const unit = String.raw`dmfd-swap@run-swap\x2dfile\x2c\x20a\x20\x24\x7bHOME\x7d\x2050\x25.service`;
const overDisk = 'dmfd-swap@dev-ram0.service';

const ROUNDS = Number(process.env.DMFD_SWAP_ROUNDS ?? (everything ? 5 : 2));

/** What must not be there when a swap is off. */
const LEFT = `
left() {
  tail -n +2 /proc/swaps
  for d in /sys/block/dm-*; do [ ! -e "$d" ] || echo "$d"; done
  for d in /sys/block/loop*/loop; do [ ! -e "$d" ] || echo "$d"; done
  grep 'dmfd:' /proc/keys
}`;

const swaps = () => sh('swapon --noheadings --bytes --show=NAME,SIZE,PRIO');

beforeAll(async () => {
  await addUnits({
    'dmfd-swap@.service': readFileSync(join(checkout, 'bin/dmfd-swap@.service'), 'utf8'),
    'hog.service': `[Service]
MemoryMax=16M
ExecStart=/usr/bin/python3 -SE ${vmFile('scenarios/systemd/hog.py')} 32
`,
  });
  // The file is in memory, and a page that came by swapping would count as the swapped program's: hence no holes.
  await sh(
    `fallocate -l 64M '${FILE}'; [ -e /dev/ram0 ] || modprobe brd rd_nr=1 rd_size=4096; udevadm settle`,
  );
});

afterEach(async () => {
  await sh(`systemctl stop '${unit}' ${overDisk}`);
  await expectNothingLeft();
  expect(await sh(`${LEFT}\nleft || true`)).toBe('');
});

test('an instance is named by its backing', async () => {
  expect(await sh(`systemd-escape --path --template=dmfd-swap@.service '${FILE}' /dev/ram0`)).toBe(
    `${unit} ${overDisk}\n`,
  );
});

thorough('who has the file open is named', async () => {
  await sh(`sleep 1000 <'${FILE}' & opener=$!
    systemctl start '${unit}' && echo started
    kill $opener; systemctl reset-failed '${unit}'`);
  expect(await journal(unit)).toMatch(/process \d+ \(sleep\) has it open/);
});

if (everything) {
  test('pages go out under memory pressure and come back intact, before and with swapoff', async () => {
    await sh(`systemctl start '${unit}'`);
    expect(await show(unit, 'ActiveState', 'SubState')).toEqual({
      ActiveState: 'active',
      SubState: 'exited',
    });
    // The kernel's choice: the first is -2, and in 7.x -1.
    expect(await swaps()).toMatch(/^\/dev\/dm-\d+ 67104768 +-[12]\n$/);
    await sh('systemctl start hog');
    const until = (words: string) =>
      sh(`n=0; until journalctl --sync && journalctl --no-pager -o cat -u hog | grep '${words}' || [ $n -ge 60 ]; do
      n=$((n+1)); sleep 0.5; done`);
    const [, bad, out] =
      /under pressure: (\d+) bad pages, (\d+) MiB are out/.exec(await until('under pressure')) ?? [];
    expect(bad).toBe('0');
    expect(Number(out)).toBeGreaterThan(16);
    expect(Number(await sh('swapon --noheadings --bytes --show=USED'))).toBeGreaterThan(16 << 20);
    // What is out has to have room when it comes back.
    await sh(
      `systemctl set-property --runtime hog MemoryMax=infinity; systemctl stop '${unit}'; touch /run/swap-is-off`,
    );
    expect(await until('after swapoff')).toBe('after swapoff: 0 bad pages, 0 MiB are out\n');
    expect(await sh(`${LEFT}\nleft || true`)).toBe('');
  });
}

test(
  `${ROUNDS} starts and stops, each leaving nothing, one after the other beside udevd`,
  async () => {
    const report = await sh(
      `${LEFT}
    for round in $(seq ${ROUNDS}); do
      systemctl start '${unit}' || { echo "start $round failed"; break; }
      [ "$(tail -n +2 /proc/swaps | wc -l)" = 1 ] || echo "round $round: no swap"
      systemctl stop '${unit}' || { echo "stop $round failed"; break; }
      remains=$(left); [ -z "$remains" ] || echo "round $round left $remains"
    done
    systemctl is-failed '${unit}' || true`,
      ROUNDS * 30_000,
    );
    expect(report).toBe('inactive\n');
  },
  ROUNDS * 30_000,
);

thorough('two at once, over a file and over a disk, each with its own options', async () => {
  const output = await sh(`
    mkdir -p /etc/default/dmfd-swap.d/run /etc/default/dmfd-swap.d/dev
    echo 'DMFD_SWAP_OPTIONS="--priority 5 --label all"' >/etc/default/dmfd-swap
    echo 'DMFD_SWAP_OPTIONS="--priority 7"' >'/etc/default/dmfd-swap.d${FILE}'
    echo 'DMFD_SWAP_OPTIONS="--priority 9 --label disk"' >/etc/default/dmfd-swap.d/dev/ram0
    systemctl start '${unit}' ${overDisk}
    rm -r /etc/default/dmfd-swap*
    swapon --noheadings --bytes --show=PRIO,LABEL,SIZE | sort
    systemctl stop ${overDisk}
    swapon --noheadings --show=PRIO`);
  expect(output.trim().split(/\s*\n\s*/)).toEqual([
    expect.stringMatching(/^7 +67104768$/),
    expect.stringMatching(/^9 disk +\d+$/),
    '7',
  ]);
});

thorough(
  'where somebody ran swapoff, or runs it this moment, restart makes it new and stop is content',
  async () => {
    await sh(`systemctl start '${unit}'; swapoff -a; systemctl restart '${unit}'`);
    expect(await swaps()).toMatch(/^\/dev\/dm-\d+ /);
    await sh(`swapoff -a & systemctl stop '${unit}'; wait`);
    expect(await show(unit, 'ActiveState', 'Result')).toEqual({ ActiveState: 'inactive', Result: 'success' });
  },
);

test('a failure is readable in the status of the unit', async () => {
  const missing = 'dmfd-swap@var-tmp-missing.service';
  expect((await vm.sh(`systemctl start ${missing}`)).code).toBe(1);
  const { stdout: status } = await vm.sh(`journalctl --sync; systemctl status --no-pager ${missing}`);
  expect(status).toMatch(/Active: failed .*Result: exit-code/);
  expect(status).toMatch(/dmfd: backing "\/var\/tmp\/missing": .*ENOENT/);
  expect(status).toMatch(/hint: /);
  expect(status).toMatch(/status=125/);
  await sh('systemctl reset-failed');
});

if (everything) {
  test('enabled, it comes with swap.target', async () => {
    await sh(`systemctl enable '${unit}' 2>&1; systemctl restart swap.target`);
    expect(await swaps()).toMatch(/^\/dev\/dm-\d+ /);
    await sh(`systemctl disable '${unit}' 2>&1`);
  });
}

test('it comes after what it stands on, and goes before the file systems do', async () => {
  const { Before, Conflicts, After } = await show(unit, 'Before', 'Conflicts', 'After');
  expect(Before.split(' ')).toEqual(expect.arrayContaining(['swap.target', 'umount.target']));
  expect(Conflicts).toBe('umount.target');
  expect(After.split(' ')).toEqual(expect.arrayContaining(['-.mount', 'systemd-udevd.service']));
});

test('nothing of a key, and no complaint of udevd about a device, is in the journal', async () => {
  expect(await journal('systemd-udevd')).not.toMatch(/^(dm-|loop)\d+: /m);
  expect(await sh('journalctl --no-pager | grep -cE "[0-9a-f]{64}" || true')).toBe('0\n');
});
