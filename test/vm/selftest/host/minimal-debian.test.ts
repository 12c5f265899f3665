import { expect, test } from 'vitest';
import { vmFile } from '../../harness/checkout.js';
import { commandOutput } from '../../harness/command-output.js';

/** Packages for half a gigabyte are installed, and everything is built. */
const PATIENCE_MS = 40 * 60_000;

test.concurrent.each(['bookworm', 'trixie'])(
  'make demo, and what of make test needs no kernel, on a minimal Debian (%s)',
  async (suite) => {
    const script = vmFile('selftest/host/minimal-debian.sh');
    const output = await commandOutput(script, suite, 'demo', 'lint', 'test-unit');
    expect(output).toMatch(/^All of it was as said, on Linux 6\.12\./m);
    expect(output).toMatch(/^[1-9]\d* passed, 0 failed$/m);
  },
  PATIENCE_MS,
);
