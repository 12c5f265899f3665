import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout } from '../vm/harness/checkout.js';
import { commandOutput } from '../vm/harness/command-output.js';
import { builtPackage } from './built-package.js';

/** Packages for half a gigabyte are installed, and everything is built. */
const PATIENCE_MS = 40 * 60_000;

// Lint says the same on both.
test.concurrent.each([
  ['bookworm', ['test-unit']],
  ['trixie', ['lint', 'test-unit']],
] as const)(
  'on a minimal Debian (%s): the package, make demo, and %j, which need no kernel',
  async (suite, targets) => {
    const script = join(checkout, 'test/packages/minimal-debian.sh');
    const output = await commandOutput(script, suite, 'demo', ...targets);
    const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
    const fate = [
      `installed: dmfd 0.0.1\nupgraded: dmfd ${version}\n0 2048 zero\n`,
      'systemd was told: systemctl daemon-reload,',
      'deb-systemd-invoke stop dmfd.socket dmfd-launcher.socket dmfd.service,systemctl daemon-reload\n',
      'purged: nothing is left\n',
    ].join('');
    expect(output.slice(0, fate.length)).toBe(fate);
    expect(output).toMatch(/^All of it was as said, on Linux 6\.12\./m);
    expect(output).toMatch(/^[1-9]\d* passed, 0 failed$/m);
  },
  PATIENCE_MS,
);

test.each(['amd64', 'arm64'])(
  'lintian finds nothing in the package for %s but what is explained',
  async (architecture) => {
    // It fails on errors and warnings that lintian-overrides does not explain, and on overrides for nothing.
    const fail = '--fail-on=error,warning,override';
    const output = await commandOutput('lintian', '--allow-root', fail, builtPackage(`_${architecture}.deb`));
    expect(output).toBe('');
  },
);
