import { existsSync, readFileSync } from 'node:fs';

/** What vitest's JSON reporter writes of a run, as far as it is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

/** Lines of a failure's message that are told again at the end. */
const LINES = 12;

/** What a run ends with, whatever came before: each failure with its file and how it failed, then how many tests passed and failed in all. */
export function closingLines(reports: readonly Report[]): string[] {
  const failures = reports
    .flatMap(({ testResults }) => testResults)
    .flatMap(({ name, status, message, assertionResults }) => {
      const failed = assertionResults.filter((test) => test.status === 'failed');
      // A file that could not be loaded has no test to name.
      if (failed.length === 0) return status === 'failed' ? [headOf(name, 'could not be run', message)] : [];
      return failed.map((test) => headOf(name, test.fullName, (test.failureMessages ?? []).join('\n')));
    });
  const sum = (of: 'numPassedTests' | 'numFailedTests') => reports.reduce((all, report) => all + report[of], 0);
  return [...failures.flat(), `${sum('numPassedTests')} passed, ${sum('numFailedTests')} failed`];
}

function headOf(file: string, test: string, message: string): string[] {
  return [
    `FAILED ${file} > ${test}`,
    ...message
      .split('\n')
      .slice(0, LINES)
      .map((line) => `  ${line}`),
  ];
}

if (import.meta.main) {
  const reports = process.argv
    .slice(2)
    .filter((file) => existsSync(file))
    // What vitest wrote of this run.
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report);
  for (const line of closingLines(reports)) process.stdout.write(`${line}\n`);
}
