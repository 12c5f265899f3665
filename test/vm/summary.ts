import { appendFileSync } from 'node:fs';
import type { SerializedError } from 'vitest';
import type { Reporter, TestCase, TestModule, TestRunEndReason, TestSuite } from 'vitest/node';

/**
 * Says at once what failed: a run of everything takes more than an hour, and vitest tells the reasons at its end.
 * Adds the line "PASSED FAILED SKIPPED" to the file `DMFD_TEST_COUNTS` names, for run-tests.sh. A file that did not
 * load, a hook that failed, an error outside of any test and a test that was never reached are failures: what they
 * hide was not proved.
 */
export class Summary implements Reporter {
  onTestCaseResult(test: TestCase): void {
    const { state, errors } = test.result();
    if (state !== 'failed') return;
    const reasons = errors?.map((error) => error.message) ?? [];
    console.log(
      [
        '',
        `FAILED [${test.project.name}] ${test.module.relativeModuleId}: ${test.fullName}`,
        ...reasons,
        '',
      ].join('\n'),
    );
  }

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
