import { afterEach, beforeAll, expect, test } from 'vitest';
import { expectNothingLeft, image, sh, standing } from '../support.js';
import { addUnits } from './units.js';

/** Takes each descriptor by its number, and says what it is. */
const USER = `
[ "$LISTEN_PID" = $$ ] || exit 9
echo "$LISTEN_FDS: $LISTEN_FDNAMES" >/tmp/user.log
for fd in $(seq 3 $((2 + LISTEN_FDS))); do readlink /proc/self/fd/$fd >>/tmp/user.log; done
head -c 5 /proc/self/fd/$((2 + LISTEN_FDS)) >>/tmp/user.log
echo >>/tmp/user.log
exec sleep 1000`;

const CREATE = 'dmfd create disk --loop /tmp/disk.img --table "0 2048 linear {loop0} 0" --listen-fds';

beforeAll(async () => {
  await image('disk.img', 1);
  await sh(`printf hello | dd of=/tmp/disk.img conv=notrunc status=none; cat >/tmp/user <<'END'${USER}\nEND`);
  await addUnits({
    'activated.socket': '[Socket]\nListenStream=/run/activated\nFileDescriptorName=activation\n',
    'activated.service': `[Service]\nExecStart=${CREATE} -- /bin/sh /tmp/user\n`,
  });
});

afterEach(async () => {
  await sh('systemctl stop activated.socket activated');
  await expectNothingLeft();
});

test('the socket of a unit stays what it was, and the device comes after it, by its name', async () => {
  const report = await sh(`
    systemctl start activated.socket activated
    n=0; until grep -qs hello /tmp/user.log || [ $n -ge 600 ]; do n=$((n+1)); sleep 0.05; done
    cat /tmp/user.log`);
  expect(report.trim().split('\n')).toEqual([
    '2: activation:disk',
    expect.stringMatching(/^socket:/),
    expect.stringMatching(/^(\/dev)?\/dm-\d+$/),
    'hello',
  ]);
  expect(await standing()).toBe('dm: disk\nloop: /tmp/disk.img');
});
