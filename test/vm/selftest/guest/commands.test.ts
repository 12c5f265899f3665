import { describe, expect, test } from 'vitest';
import { bootedVm } from '../../harness/index.js';

const vm = await bootedVm();

describe('commands in the guest', () => {
  test('end with their exit code, stdout and stderr apart', async () => {
    const result = await vm.sh('echo out; echo err >&2; exit 7');
    expect(result).toMatchObject({
      code: 7,
      signal: null,
      stdout: 'out\n',
      stderr: 'err\n',
      timedOut: false,
    });
  });

  test('that a signal ends report its name', async () => {
    expect(await vm.sh('kill -TERM $$')).toMatchObject({ code: null, signal: 'SIGTERM' });
  });
});
