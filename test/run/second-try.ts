import type { Reporter, TestCase, TestModule } from 'vitest/node';

/**
 * A test that may be tried a second time, in CI, with its reason: a promise in real time that a machine can break by standing
 * still. Nothing else is retried, and one that needed it is named in the closing lines of the run.
 */
export function secondTry(reason: string) {
  return { retry: process.env['CI'] === 'true' ? 1 : 0, meta: { secondTry: reason } };
}

/** The commonest reason. */
export const A_WAIT = 'a limit in real time, which a machine that stands still outlasts';

declare module 'vitest' {
  interface TaskMeta {
    /** Why this test may be tried a second time. */
    secondTry?: string;
  }
}

/** Says at the end of a run which tests passed at the second try only, and why they may. */
export class SecondTries implements Reporter {
  #say: (line: string) => void;

  constructor(say: (line: string) => void = (line) => process.stdout.write(`${line}\n`)) {
    this.#say = say;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const late = modules.flatMap((module) => [...module.children.allTests()].filter(isLate));
    this.#say(`${late.length} passed at the second try`);
    for (const test of late) this.#say(`  ${test.fullName} (${test.meta().secondTry ?? 'without a reason'})`);
  }
}

function isLate(test: TestCase): boolean {
  return test.diagnostic()?.flaky === true;
}
