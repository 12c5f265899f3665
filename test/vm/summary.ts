import { appendFileSync } from 'node:fs';
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule, TestRunEndReason, TestSuite } from 'vitest/node';

/**
 * Adds the line "PASSED FAILED SKIPPED" to the file `DMFD_TEST_COUNTS` names, for run-tests.sh. A file that
 * did not load, a hook that failed, an error outside of any test and a test that was never reached are
 * failures: what they hide was not proved.
 */
export class Summary implements Reporter {
  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    const file = process.env.DMFD_TEST_COUNTS;
    if (!file) return;
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    if (reason === 'interrupted') count.failed++;
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state]++;
      count.failed += [module, ...module.children.allSuites()].filter(hasOwnErrors).length;
    }
    appendFileSync(file, `${count.passed} ${count.failed + count.pending} ${count.skipped}\n`);
  }
}

function hasOwnErrors(suite: TestModule | TestSuite): boolean {
  return suite.errors().length > 0;
}
