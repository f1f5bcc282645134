import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HELD, testsOf } from './held.ts';
import { findMutants, mutantsOf, survivingPlaces } from './stryker.ts';

const ROOT = resolve(import.meta.dirname, '../..');

describe('the tool', () => {
  it("tells what the tests notice from what they don't, what no test reaches, and what happens at import", async () => {
    const report = await findMutants({
      mutate: ['test/mutants/sample/pace.ts'],
      tests: ['test/mutants/sample/pace.test.ts'],
      concurrency: 1,
      strings: false,
      progress: 'ignore',
    });
    const found = mutantsOf(report).map(({ lineNumber, change, outcome }) => `${lineNumber} ${change}: ${outcome}`);
    expect(found).toMatchInlineSnapshot(`
      [
        "2 [100, 150, 200].at(-1) ?? 0 → [100, 150, 200].at(-1) && 0: killed",
        "2 [100, 150, 200] → []: killed",
        "2 -1 → +1: killed",
        "4 perSecond > FASTEST_PER_SECOND → true: killed",
        "4 perSecond > FASTEST_PER_SECOND → false: killed",
        "4 perSecond > FASTEST_PER_SECOND → perSecond >= FASTEST_PER_SECOND: killed",
        "4 perSecond > FASTEST_PER_SECOND → perSecond <= FASTEST_PER_SECOND: killed",
        "4 (perSecond: number): boolean => perSecond > FASTEST_PER_SEC… → () => undefined: killed",
        "6 1000 / perSecond → 1000 * perSecond: killed",
        "6 (perSecond: number): number => 1000 / perSecond → () => undefined: killed",
        "8 perSecond < 10 → true: survived",
        "8 perSecond < 10 → false: killed",
        "8 perSecond < 10 → perSecond <= 10: survived",
        "8 perSecond < 10 → perSecond >= 10: killed",
        "8 (perSecond: number): boolean => perSecond < 10 → () => undefined: killed",
        "10 perSecond === 0 → true: no-coverage",
        "10 perSecond === 0 → false: no-coverage",
        "10 perSecond === 0 → perSecond !== 0: no-coverage",
        "10 (perSecond: number): boolean => perSecond === 0 → () => undefined: survived",
      ]
    `);
    expect(survivingPlaces(report)).toMatchInlineSnapshot(`
      [
        "test/mutants/sample/pace.ts:10:55-10:70",
        "test/mutants/sample/pace.ts:8:54-8:68",
        "test/mutants/sample/pace.ts:10:23-10:70",
      ]
    `);
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
