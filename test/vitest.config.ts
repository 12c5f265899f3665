import { defineConfig } from 'vitest/config';
import { checkout } from './vm/harness/checkout.js';
import { testedKernels } from './vm/harness/kernel.js';
import { Summary } from './vm/summary.js';

const minutes = 60_000;

/** Every scenario runs on every kernel: a project for each, named like the kernel. */
const kernels = testedKernels().map((name) => ({
  test: {
    name,
    include: ['test/vm/selftest/guest/**/*.test.ts', 'test/vm/scenarios/**/*.test.ts'],
    globalSetup: 'test/vm/harness/global-setup.ts',
    // One guest serves all files, and scenarios count the devices that are left: one file at a time.
    fileParallelism: false,
    testTimeout: 2 * minutes,
    hookTimeout: 2 * minutes,
  },
}));

export default defineConfig({
  test: {
    root: checkout,
    pool: 'forks',
    reporters: ['default', new Summary()],
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        test: {
          name: 'harness',
          include: ['test/vm/selftest/host/**/*.test.ts'],
          testTimeout: 2 * minutes,
          fileParallelism: false,
        },
      },
      ...kernels,
    ],
  },
});
