import { afterAll, beforeAll, beforeEach } from 'vitest';

/**
 * What the tests of a file share, opened before the first of them and closed after the last. A second try (second-try.ts) gets one of its
 * own: in the old one it would find what the first try has done, which can't be done twice.
 */
export function openedForTests(open: () => Promise<unknown>, close: () => Promise<unknown>, withinMs = 60_000): void {
  beforeAll(async () => {
    await open();
  }, withinMs);
  beforeEach(async ({ task }) => {
    if ((task.result?.retryCount ?? 0) === 0) return;
    await close();
    await open();
  }, 2 * withinMs);
  afterAll(async () => {
    await close();
  }, withinMs);
}
