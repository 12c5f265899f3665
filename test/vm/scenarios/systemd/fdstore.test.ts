import { afterEach, beforeAll, expect, test } from 'vitest';
import { everything, expectNothingLeft, image, sh, standing, vm } from '../support.js';
import { addUnits, journal, show } from './units.js';

const CREATE = `dmfd create kept --loop /tmp/kept.img --table "0 2048 linear {loop0} 0" --fdstore`;

/** Finds the descriptor by its name, counts its own starts on the device, and tells. */
const USER = `
[ "$LISTEN_PID" = $$ ] || exit 9
fd=2; IFS=:
for name in $LISTEN_FDNAMES; do fd=$((fd+1)); if [ "$name" = kept ]; then break; fi; done
count=$(($(dd if=/dev/fd/$fd bs=16 count=1 status=none | tr -d '\\0') + 1))
echo "$count" | dd of=/dev/fd/$fd conv=notrunc,fsync status=none
echo "start $count: $LISTEN_FDS named $LISTEN_FDNAMES, diskseq $(cat /sys/block/dm-*/diskseq 2>/dev/null || echo 0)" >>/tmp/user.log
exec sleep 1000`;

const service = (lines: string) => `[Unit]
StartLimitIntervalSec=0
[Service]
${lines}
`;

beforeAll(async () => {
  await image('kept.img', 1);
  await sh(`cat >/tmp/user <<'END'${USER}\nEND`);
  await addUnits({
    'keeps.service':
      service(`ExecStartPre=/bin/sh -c 'grep -qsxF kept /sys/block/dm-*/dm/name || exec ${CREATE}'
ExecStart=/bin/sh /tmp/user
Restart=on-failure
RestartSec=0
NotifyAccess=exec
FileDescriptorStoreMax=1`),
    'no-store.service': service(
      `Type=oneshot\nExecStart=${CREATE}\nNotifyAccess=all\nFileDescriptorStoreMax=0`,
    ),
    'no-access.service': service(
      `Type=oneshot\nExecStart=/bin/sh -c '${CREATE}; exit $?'\nNotifyAccess=main\nFileDescriptorStoreMax=1`,
    ),
  });
});

afterEach(expectNothingLeft);

/** The line that the unit's process writes when it has started for the nth time. */
async function started(nth: number): Promise<string> {
  const lines = await sh(`
    n=0; until grep -q '^start ${nth}:' /tmp/user.log 2>/dev/null || [ $n -ge 600 ]; do n=$((n+1)); sleep 0.05; done
    cat /tmp/user.log`);
  return lines.trim().split('\n').at(-1) ?? '';
}

test('a device lives exactly as long as the unit that has its descriptor in store', async () => {
  await sh('systemctl start keeps');
  const first = await started(1);
  expect(first).toMatch(/^start 1: 1 named kept, diskseq \d+$/);
  const diskseq = first.split(' ').at(-1);
  expect(await show('keeps', 'NFileDescriptorStore')).toEqual({ NFileDescriptorStore: '1' });
  expect(await standing()).toBe('dm: kept\nloop: /tmp/kept.img');

  // Restarted: the same device, and what stands on it.
  await sh('systemctl restart keeps');
  expect(await started(2)).toBe(`start 2: 1 named kept, diskseq ${diskseq}`);

  // Killed, and started again by systemd.
  await sh('systemctl kill --signal=KILL keeps');
  expect(await started(3)).toBe(`start 3: 1 named kept, diskseq ${diskseq}`);
  expect(await show('keeps', 'ActiveState', 'NRestarts')).toEqual({ ActiveState: 'active', NRestarts: '1' });

  await sh('systemctl stop keeps');
  await expectNothingLeft();
  expect(await sh("tr -d '\\0' </tmp/kept.img")).toBe('3\n');
});

// With NotifyAccess=main only the unit's main process is listened to, and that is the shell.
test.each(everything ? ['no-store', 'no-access'] : ['no-store'])(
  '%s: a manager that does not keep it is told of, and nothing stays',
  async (unit) => {
    const { code } = await vm.sh(`systemctl start ${unit}`);
    expect(code).toBe(1);
    const text = await journal(unit);
    expect(text).toContain('dmfd: device kept: the service manager did not keep the descriptor\n');
    expect(text).toContain('hint: the unit needs FileDescriptorStoreMax=');
    expect(text).toContain('status=125');
    await sh('systemctl reset-failed');
  },
);
