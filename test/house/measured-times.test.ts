import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PATIENCE_MS } from '../run/patience.ts';
import { boundTests } from './measured-times.ts';

/**
 * A machine that stands still for a second breaks what is held to less. So a test counts what can be counted, compares with what was
 * measured around the same work, or lets what must not be waited for last longer than a test may take; and where a promise of the product is
 * a time, it is marked (test/run/second-try.ts).
 */

/** As in vitest.config.ts. */
const PATIENCE = { waitMs: PATIENCE_MS, testMs: 60_000 };
const root = join(import.meta.dirname, '../..');

test('a test that holds a measured time to at most so much may be tried a second time', () => {
  const files = globSync('{bot,contract,h2,infra,runbooks,settle,test,workers}/**/*.test.ts', { cwd: root });
  expect(files.length).toBeGreaterThan(500);
  const found = files
    .filter((file) => !file.endsWith('house/measured-times.test.ts'))
    .flatMap((file) => boundTests(readFileSync(join(root, file), 'utf8'), PATIENCE).map((one) => `${file} ${one}`));
  expect(found).toEqual([]);
});

const ELAPSED = 'const startMs = performance.now(); await work(); const tookMs = performance.now() - startMs;';
const inTest = (body: string, more = ''): string => `test('it', ${more} async () => { ${body} });`;

test.each([
  ['a time', inTest(`${ELAPSED} expect(tookMs).toBeLessThan(50);`)],
  [
    'a time, where it is measured',
    inTest('const a = Date.now(); await work(); expect(Date.now() - a).toBeLessThanOrEqual(5);'),
  ],
  ['how far two clocks are apart', inTest('expect(Math.abs(clock.nowMs() - Date.now())).toBeCloseTo(0, 1);')],
  ['a time that is compared', inTest(`${ELAPSED} expect(tookMs < 50 && done).toBe(true);`)],
  ['a time as the limit of what is given', inTest(`${ELAPSED} expect(50).toBeGreaterThan(tookMs);`)],
  ['a time that is not more', inTest(`${ELAPSED} expect(tookMs).not.toBeGreaterThan(50);`)],
  ['a time that something is more than', inTest(`${ELAPSED} expect(50 >= tookMs).toBe(true);`)],
  [
    'a time between two dates',
    inTest('const a = new Date(); await work(); expect(new Date().getTime() - a.getTime()).toBeLessThan(5);'),
  ],
  ['the longest of several', inTest(`${ELAPSED} expect(Math.max(...[1].map(() => tookMs))).toBeLessThan(50);`)],
  ['what a helper measured', inTest('const { tookMs } = await post(); expect(tookMs).toBeLessThan(50);')],
  [
    'a time in a function that it calls',
    `const within = async (ms) => { ${ELAPSED} expect(tookMs).toBeLessThan(ms); }; ${inTest('await within(9);')}`,
  ],
  ['the time of each', `it.each([1])('it', async () => { ${ELAPSED} expect(tookMs).not.toBeLessThan(5); });`],
  ['CPU time', inTest('const { user } = process.threadCpuUsage(before); expect(user / 1_000).toBeLessThan(5);')],
  ['memory', inTest('expect(process.memoryUsage.rss() - 5).toBeLessThan(5);')],
  ['a time of its own', inTest('await work();').replace(' });', ' }, 30_000);')],
  ['a time among its options', inTest('await work();', '{ tags: [], timeout: 30_000 },')],
  ['a time of its own, by a name', `const SOON = 30_000; ${inTest('await work();').replace(' });', ' }, SOON);')}`],
  ['a time of all of a group', `describe('all', { timeout: 30_000 }, () => { ${inTest('await work();')} });`],
  ['a wait of its own, by a name', `const SOON = 3_000; ${inTest('await vi.waitFor(() => sent, SOON);')}`],
  ['a wait of its own', inTest('await vi.waitFor(() => expect(sent).toBe(1), 3_000);')],
  ['a wait with more to it', inTest('await expect.poll(() => sent, { interval: 5, timeout: 3_000 }).toBe(1);')],
  ['a wait of the rigs', inTest("await until('the shot', async () => shot, 3_000);")],
  [
    'a time under a mark beside it',
    `${inTest('', "secondTry('x'),")} ${inTest(`${ELAPSED} expect(tookMs).toBeLessThan(5);`)}`,
  ],
])('%s is found', (_what, source) => {
  expect(boundTests(source, PATIENCE)).toEqual([expect.stringMatching(/^'it': ./)]);
});

test.each([
  ['at least so much', inTest(`${ELAPSED} expect(tookMs).toBeGreaterThan(50);`)],
  ['more than what is given', inTest(`${ELAPSED} expect(tookMs > 50).toBe(true); expect(50).toBeLessThan(tookMs);`)],
  ['a moment that is not long past', inTest('expect(entry.atMs).toBeGreaterThan(Date.now() - 86_400_000);')],
  ['more than what was measured', inTest(`${ELAPSED} expect(tookMs).toBeGreaterThan(tookMs / 2);`)],
  ['at most what was measured', inTest(`${ELAPSED} expect(reads).toBeLessThan(2 + tookMs / 100);`)],
  [
    'no more than the time around it',
    inTest(`${ELAPSED} expect(Math.abs(performance.now() - said)).toBeLessThan(tookMs);`),
  ],
  ['a moment that has come', inTest('expect(entry.atMs).toBeLessThanOrEqual(Date.now());')],
  ['what was made by a clock', inTest('const old = await made(Date.now() - 5); expect(old.length).toBeLessThan(9);')],
  ['a clock of its own', inTest('vi.useFakeTimers(); const a = Date.now(); expect(Date.now() - a).toBeLessThan(5);')],
  ['as long as all are patient', inTest('await vi.waitFor(() => expect(sent).toBe(1), { interval: 5 });')],
  ['a mark', inTest(`${ELAPSED} expect(tookMs).toBeLessThan(50);`, "{ ...secondTry('x'), timeout: 9 },")],
  [
    'a mark by name',
    `const TWICE = secondTry('x'); ${inTest(`${ELAPSED} expect(tookMs).toBeLessThan(50);`, 'TWICE,')}`,
  ],
  [
    'a mark around it',
    `describe('all', secondTry('x'), () => { ${inTest(`${ELAPSED} expect(tookMs).toBeLessThan(5);`)} });`,
  ],
])('%s is left alone', (_what, source) => {
  expect(boundTests(source, PATIENCE)).toEqual([]);
});
