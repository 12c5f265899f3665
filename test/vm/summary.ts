import { appendFileSync } from 'node:fs';
import type { SerializedError } from 'vitest';
import type { Reporter, TestCase, TestModule, TestRunEndReason, TestSuite } from 'vitest/node';

/**
 * Says at once what failed: a run of everything takes more than an hour, and vitest tells the reasons at its end.
 * Adds the line "PASSED FAILED SKIPPED" to the file `DMFD_TEST_COUNTS` names, for run-tests.sh, and to the file `.failures`
 * beside it a line for each failure. A file that did not load, a hook that failed, an error outside of any test and a test
 * that was never reached are failures: what they hide was not proved.
 */
export class Summary implements Reporter {
  readonly #file = process.env.DMFD_TEST_COUNTS;
  #failed = 0;

  onTestCaseResult(test: TestCase): void {
    const { state, errors } = test.result();
    if (state === 'failed') this.#fail(`${nameOf(test.module)}: ${test.fullName}`, errors);
  }

  onTestSuiteResult(suite: TestSuite): void {
    if (suite.errors().length > 0) this.#fail(`${nameOf(suite.module)}: ${suite.fullName}`, suite.errors());
  }

  onTestModuleEnd(module: TestModule): void {
    if (module.errors().length > 0) this.#fail(nameOf(module), module.errors());
  }

  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    for (const error of unhandledErrors) this.#fail('outside of any test', [error]);
    if (reason === 'interrupted') this.#fail('interrupted', undefined);
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state]++;
    }
    if (this.#file)
      appendFileSync(this.#file, `${count.passed} ${this.#failed + count.pending} ${count.skipped}\n`);
  }

  #fail(name: string, errors: readonly { message: string }[] | undefined): void {
    this.#failed++;
    const reasons = errors?.map((error) => error.message) ?? [];
    console.log(['', `FAILED ${name}`, ...reasons, ''].join('\n'));
    const reason = (reasons[0] ?? '').replace(/\s+/g, ' ').slice(0, 300);
    if (this.#file) appendFileSync(`${this.#file}.failures`, `FAILED ${name}: ${reason}\n`);
  }
}

function nameOf(module: TestModule): string {
  return `[${module.project.name}] ${module.relativeModuleId}`;
}
