import { expect, test } from 'vitest';
import { sh } from '../support.js';

test('process 1 is systemd, with udevd and journald, with nothing that failed and nothing of the host', async () => {
  const [init, state, ...running] = (
    await sh(`cat /proc/1/comm; systemctl is-system-running
      systemctl list-units --no-legend --plain --type=service --state=running,failed | cut -d' ' -f1`)
  )
    .trim()
    .split('\n');
  expect({ init, state }).toEqual({ init: 'systemd', state: 'running' });
  expect(running).toEqual(['dmfd-agent.service', 'systemd-journald.service', 'systemd-udevd.service']);
});
