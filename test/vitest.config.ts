import { defineConfig } from 'vitest/config';
import { excluded, existing, runsEverything, testsAll } from './vm/default-set.js';
import { AlternatingSequencer } from './vm/harness/alternating-sequencer.js';
import { checkout } from './vm/harness/checkout.js';
import { testedKernels, withSystemd } from './vm/harness/kernel.js';
import { guestsAtOnce } from './vm/harness/parallelism.js';
import { Summary } from './vm/summary.js';

const minutes = 60_000;

const kernels = testedKernels();
const needsSystemd = 'test/vm/scenarios/systemd/**/*.test.ts';
/** What people do with other programs goes well with udevd, too. */
const recipes = existing('test/vm/scenarios/recipes.test.ts');
const underSystemd = [needsSystemd, ...(testsAll ? [recipes] : [])];

/** What systemd does is the same on all kernels. The patched one boots in half the time. */
const honest = kernels.filter((kernel) => !kernel.startsWith('liar-'));
const patched = honest.filter((kernel) => kernel.startsWith('dmfd-'));
const systemdKernels = testsAll ? honest.filter(runsEverything) : [...patched, ...honest].slice(0, 1);

const scenarios = 'test/vm/scenarios/**/*.test.ts';
const seriesScenarios = 'test/kernel/scenarios/*.test.ts';
/** Of the series and of dmfd. */
const needsLiar = ['test/kernel/scenarios/descriptor-liar.test.ts', 'test/vm/scenarios/liar.test.ts'].map(
  existing,
);

/** Only a kernel with the patch series returns descriptors, and only one kernel lies about them. */
function filesFor(kernel: string): { include: string[]; exclude: string[] } {
  if (kernel.startsWith('liar-')) return { include: needsLiar, exclude: [] };
  return {
    include: [
      scenarios,
      ...(kernel.startsWith('dmfd-') ? [seriesScenarios] : []),
      ...(runsEverything(kernel) ? ['test/vm/selftest/guest/**/*.test.ts'] : []),
    ],
    exclude: [
      ...needsLiar,
      needsSystemd,
      ...tooNewFor(kernel),
      ...excluded(kernel, kernels),
      // All of them run under its systemd.
      ...(testsAll && systemdKernels.includes(kernel) ? [recipes] : []),
    ],
  };
}

/** What kernels know since 6.8. */
const since68 = [existing('test/vm/scenarios/write-mounted.test.ts')];
function tooNewFor(kernel: string): string[] {
  return /-(5\.10|6\.1)$/.test(kernel) ? since68 : [];
}

/**
 * The projects that run side by side. The spare workers are for a file that waits for its turn, and for one that sleeps. That two
 * are better than one is not measured yet.
 */
const beside = { sequence: { groupOrder: 1 }, maxWorkers: guestsAtOnce(kernels.length) + 2 };

/**
 * Every scenario runs on every kernel (but for what default-set.ts says): a project for each, named like the kernel. One
 * more has systemd as process 1 of its guest. One guest serves all files of a project, and they count the devices that
 * are left, so the guest lets in one file at a time; files of different projects run side by side.
 */
const guestProjects = [
  ...kernels.map((name) => ({ name, ...filesFor(name) })),
  ...systemdKernels.map((name) => ({ name: withSystemd(name), include: underSystemd })),
].map((project) => ({
  test: {
    ...project,
    globalSetup: 'test/vm/harness/global-setup.ts',
    ...beside,
    // A busy machine takes three times as long as an idle one; these only end what hangs.
    testTimeout: 6 * minutes,
    hookTimeout: 6 * minutes,
  },
}));

const selftests = {
  test: {
    name: 'harness',
    include: ['test/vm/selftest/host/**/*.test.ts', 'test/vm/arm64/*.test.ts', 'test/packages/*.test.ts'],
    testTimeout: 2 * minutes,
    hookTimeout: 2 * minutes,
    fileParallelism: false,
  },
};

/** `make test-xen`, and `make test-all`: a guest that is domain 0 of Xen. */
const domain0 = {
  test: {
    name: 'xen',
    include: ['test/xen/scenarios/**/*.test.ts'],
    globalSetup: 'test/xen/global-setup.ts',
    // Now and then, a program in an emulated domain dies of what the program has not done, or the domain says nothing.
    retry: 2,
    sequence: { groupOrder: 1 },
    testTimeout: 6 * minutes,
    hookTimeout: 6 * minutes,
  },
};

export default defineConfig({
  test: {
    root: checkout,
    pool: 'forks',
    sequence: { sequencer: AlternatingSequencer },
    reporters: ['default', new Summary()],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // Beside the guests: some wait for seconds, and do nothing meanwhile.
          ...beside,
          // To import everything anew for each file takes as long as the tests themselves.
          isolate: false,
          testTimeout: minutes / 2,
          // The first that needs xenstored downloads it.
          hookTimeout: 3 * minutes,
        },
      },
      ...(testsAll ? [selftests] : []),
      ...(process.env.DMFD_TEST_XEN === '1' ? [domain0] : []),
      ...guestProjects,
    ],
  },
});
