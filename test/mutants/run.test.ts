import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { HELD, testsOf } from './held.ts';
import { findMutants, mutantsOf, survivingPlaces } from './stryker.ts';

const ROOT = resolve(import.meta.dirname, '../..');

const folder = mkdtempSync(join(tmpdir(), 'gobutton-run-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const job = {
  mutate: ['test/mutants/sample/pace.ts'],
  tests: ['test/mutants/sample/pace.test.ts'],
  concurrency: 1,
  strings: false,
  shared: false,
  progress: 'ignore' as const,
  resultsFile: join(folder, 'results.jsonl'),
};

describe('the tool', () => {
  it('that is ended has what it measured until then, and says of how many', async () => {
    const ended = new AbortController();
    const running = findMutants({ ...job, signal: ended.signal });
    const measured = () =>
      readFileSync(job.resultsFile, 'utf8')
        .split('\n')
        .filter((line) => line.includes('"Killed"'));
    await vi.waitFor(() => expect(measured().length).toBeGreaterThan(2), { timeout: 60_000, interval: 20 });
    ended.abort();
    const { found, cutOf, lastLine } = await running;
    expect(cutOf).toBe(19);
    expect(found.filter(({ status }) => status === 'Killed').length).toBeGreaterThan(2);
    expect(found.length).toBeLessThan(19);
    expect(lastLine).toBeGreaterThan(2);
  });

  it("tells what the tests notice from what they don't, what no test reaches, and what happens at import", async () => {
    const report = await findMutants({ ...job, signal: new AbortController().signal });
    expect(report.cutOf).toBeNull();
    const found = mutantsOf(report).map(({ lineNumber, change, outcome }) => `${lineNumber} ${change}: ${outcome}`);
    expect(found).toMatchInlineSnapshot(`
      [
        "2 [100, 150, 200].at(-1) ?? 0 → [100, 150, 200].at(-1) && 0: killed",
        "2 [100, 150, 200] → []: killed",
        "2 -1 → +1: killed",
        "4 (perSecond: number): boolean => perSecond > FASTEST_PER_SEC… → () => undefined: killed",
        "4 perSecond > FASTEST_PER_SECOND → true: killed",
        "4 perSecond > FASTEST_PER_SECOND → false: killed",
        "4 perSecond > FASTEST_PER_SECOND → perSecond >= FASTEST_PER_SECOND: killed",
        "4 perSecond > FASTEST_PER_SECOND → perSecond <= FASTEST_PER_SECOND: killed",
        "6 (perSecond: number): number => 1000 / perSecond → () => undefined: killed",
        "6 1000 / perSecond → 1000 * perSecond: killed",
        "8 (perSecond: number): boolean => perSecond < 10 → () => undefined: killed",
        "8 perSecond < 10 → true: survived",
        "8 perSecond < 10 → false: killed",
        "8 perSecond < 10 → perSecond <= 10: survived",
        "8 perSecond < 10 → perSecond >= 10: killed",
        "10 (perSecond: number): boolean => perSecond === 0 → () => undefined: survived",
        "10 perSecond === 0 → true: no-coverage",
        "10 perSecond === 0 → false: no-coverage",
        "10 perSecond === 0 → perSecond !== 0: no-coverage",
      ]
    `);
    expect(survivingPlaces(report)).toMatchInlineSnapshot(`
      [
        "test/mutants/sample/pace.ts:8:54-8:68",
        "test/mutants/sample/pace.ts:10:23-10:70",
        "test/mutants/sample/pace.ts:10:55-10:70",
      ]
    `);
  });
});

describe('what the tests of a mutant import', () => {
  const loadsOf = async (shared: boolean) => {
    const loads = join(folder, `loads-${shared}`);
    vi.stubEnv('GOBUTTON_SAMPLE_LOADS', loads);
    const { found } = await findMutants({
      ...job,
      mutate: ['test/mutants/sample/pace.ts:6-6'],
      tests: [...job.tests, 'test/mutants/sample/second.test.ts'],
      shared,
      signal: new AbortController().signal,
    });
    expect(found.map(({ status }) => status)).toEqual(['Killed', 'Killed']);
    return readFileSync(loads, 'utf8').split('\n').length - 1;
  };
  afterEach(() => void vi.unstubAllEnvs());

  it('is loaded for each of their files, and by --shared once for all of them', async () => {
    // All files run without a mutant; then a mutant's run ends at its first failure, which is in the first of them.
    expect([await loadsOf(false), await loadsOf(true)]).toEqual([2 + 2, 1 + 2]);
  });
});

describe('the list', () => {
  it.each(HELD.map((held) => ({ file: held.file, held })))('$file and the tests that hold it are there', ({ held }) => {
    expect([held.file, ...testsOf(held)].filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  it('names a file once, and gives each accepted survivor a reason', () => {
    expect(new Set(HELD.map(({ file }) => file)).size).toBe(HELD.length);
    expect(HELD.flatMap(({ accepted = [] }) => accepted).filter(({ why }) => why.length < 20)).toEqual([]);
  });
});
