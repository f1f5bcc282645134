import fc from 'fast-check';
import { expect, test } from 'vitest';
import { holds, PROPERTY } from '../../test/properties/holds.ts';
import { ROLL_FRESH_MS, ROLL_KEPT_MS, RollView } from './roll.ts';
import type { Roll } from './roll.ts';

const OPTIONS = { planned: 4, batchSize: 10, sendWithinMs: 5_000 };
const PACE = 1_000;
const roll = (atMs: number, ...workers: string[]): Roll => ({ atMs, workers, others: 0 });
const share = (view: RollView, nowMs: number) => view.share(PACE, nowMs, OPTIONS);

test('who has read nothing sends nothing; where there is no roll everybody takes its part of a full pool at once', () => {
  const view = new RollView('a');
  expect(share(view, 0)).toEqual({ perSecond: 250, active: false });
  view.read(null, 100);
  expect(share(view, 100)).toEqual({ perSecond: 250, active: true });
});

test('a worker that comes later falls in when all others have read of it, and theirs fall at once', () => {
  const old = new RollView('a');
  const young = new RollView('b');
  for (let atMs = 0; atMs <= 10_000; atMs += 1_000) old.read(roll(atMs, 'a'), atMs + 10);
  expect(share(old, 10_100)).toEqual({ perSecond: 1_000, active: true });
  young.read(roll(10_000, 'a'), 10_200);
  expect(share(young, 10_300).active).toBe(false);
  old.read(roll(11_000, 'a', 'b'), 11_010);
  expect(share(old, 11_020)).toEqual({ perSecond: 500, active: true });
  for (let atMs = 11_000; atMs <= 17_000; atMs += 1_000) young.read(roll(atMs, 'a', 'b'), atMs + 200);
  // It was not on the roll until 11.2 s: from 14.2 s on that is long enough ago.
  const later = new RollView('b');
  later.read(roll(10_000, 'a'), 10_200);
  for (let atMs = 11_000; atMs <= 14_000; atMs += 1_000) {
    later.read(roll(atMs, 'a', 'b'), atMs + 200);
    expect(share(later, atMs + 190).active).toBe(false);
  }
  expect(share(later, 14_300)).toEqual({ perSecond: 500, active: true });
});

test('the share of one that died lies idle until it is off the roll and everybody has had the time to see so', () => {
  const view = new RollView('a');
  for (let atMs = 0; atMs <= 10_000; atMs += 1_000) view.read(roll(atMs, 'a', 'b'), atMs);
  expect(share(view, 10_000).perSecond).toBe(500);
  for (let atMs = 11_000; atMs <= 14_000; atMs += 1_000) {
    view.read(roll(atMs, 'a'), atMs);
    expect(share(view, atMs).perSecond).toBe(500);
  }
  for (let atMs = 15_000; atMs <= 17_000; atMs += 1_000) view.read(roll(atMs, 'a'), atMs);
  expect(share(view, 17_000).perSecond).toBe(1_000);
});

test('without a leader the last roll stands for a minute, with room for the whole pool; then for nobody any more', () => {
  const listed = new RollView('a');
  const other = new RollView('z');
  for (let atMs = 0; atMs <= 10_000; atMs += 1_000)
    for (const view of [listed, other]) view.read(roll(atMs, 'a', 'b'), atMs);
  const at = (nowMs: number) =>
    [listed, other].map((view) => {
      view.read(roll(10_000, 'a', 'b'), nowMs);
      return share(view, nowMs);
    });
  expect(at(10_000 + ROLL_FRESH_MS)).toEqual([
    { perSecond: 500, active: true },
    expect.objectContaining({ active: false }),
  ]);
  expect(at(10_000 + ROLL_FRESH_MS + 100)).toEqual([
    { perSecond: 250, active: true },
    expect.objectContaining({ active: false }),
  ]);
  for (let nowMs = 15_000; nowMs < 22_000; nowMs += 1_000) at(nowMs);
  expect(at(22_000)).toEqual([
    { perSecond: 250, active: true },
    { perSecond: 250, active: true },
  ]);
  expect(at(10_000 + ROLL_KEPT_MS + 1_000).map(({ perSecond }) => perSecond)).toEqual([250, 250]);
});

test('the last roll stands for a minute to the millisecond, and older workers count in it', () => {
  const view = new RollView('a');
  expect(view.size).toBe(0);
  // So few batches are there that two workers send them; without a roll all eight would.
  const few = (nowMs: number) => view.share(PACE, nowMs, { ...OPTIONS, batchSize: 1_250 });
  const large = (atMs: number): Roll => ({ atMs, workers: ['a', 'b'], others: 6 });
  for (let atMs = 0; atMs <= 10_000; atMs += 1_000) view.read(large(atMs), atMs);
  expect([view.size, few(10_000).perSecond]).toEqual([8, 500]);
  const endMs = 10_000 + ROLL_KEPT_MS;
  expect([endMs, endMs + 1].map((nowMs) => few(nowMs).perSecond)).toEqual([500, 125]);
});

test('whose first roll is an old one has nobody to wait for', () => {
  const view = new RollView('a');
  expect(share(view, 100_000).active).toBe(false);
  view.read(roll(100_000 - ROLL_KEPT_MS - 1, 'b', 'c'), 100_000);
  expect(share(view, 100_000)).toEqual({ perSecond: 250, active: true });
});

test('a roll of the same moment is taken, and an older one only when the newer is fresh no more', () => {
  const view = new RollView('a');
  view.read(roll(10_000, 'a'), 10_000);
  view.read(roll(10_000, 'a', 'b'), 10_100);
  expect(view.size).toBe(2);
  view.read(roll(9_999, 'a', 'b', 'c'), 10_000 + ROLL_FRESH_MS);
  expect(view.size).toBe(2);
  view.read(roll(9_999, 'a', 'b', 'c'), 10_001 + ROLL_FRESH_MS);
  expect(view.size).toBe(3);
});

test('an older roll put in place of a newer one changes nothing, and neither does none', () => {
  const view = new RollView('a');
  for (let atMs = 0; atMs <= 10_000; atMs += 1_000) view.read(roll(atMs, 'a'), atMs);
  view.read(roll(3_000, 'b', 'c', 'd'), 10_100);
  view.read(null, 10_200);
  expect(share(view, 10_300)).toEqual({ perSecond: 1_000, active: true });
});

test('a fresh roll with nobody on it makes nobody wait', () => {
  const view = new RollView('a');
  view.read(roll(0), 0);
  for (let atMs = 1_000; atMs <= 7_000; atMs += 1_000) view.read(roll(atMs), atMs);
  expect(share(view, 7_000)).toEqual({ perSecond: 250, active: true });
});

/**
 * A pool over a minute and a half: workers come and go at any time, each reads the roll about once a second and at times not
 * at all, the leader calls it once a second by reports of up to 3 s ago and is at times dead.
 */
test(
  'whoever comes, goes, or reads late, and whether or not a leader lives: the shares are never more than the pace',
  PROPERTY,
  async () => {
    const life = fc.record({
      fromMs: fc.integer({ min: -20_000, max: 80_000 }),
      forMs: fc.integer({ min: 500, max: 90_000 }),
      phaseMs: fc.integer({ min: 0, max: 900 }),
      deafFromMs: fc.integer({ min: 0, max: 80_000 }),
      deafForMs: fc.integer({ min: 0, max: 8_000 }),
    });
    const gap = fc.record({ fromMs: fc.integer({ min: 0, max: 80_000 }), forMs: fc.integer({ min: 0, max: 70_000 }) });
    await holds(
      'roll-shares',
      fc.property(
        fc.array(life, { minLength: 1, maxLength: 7 }),
        fc.array(gap, { maxLength: 2 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 100, max: 3_000 }),
        (lives, gaps, planned, lagMs) => {
          const isLed = (nowMs: number) => !gaps.some(({ fromMs, forMs }) => nowMs >= fromMs && nowMs < fromMs + forMs);
          const workers = lives.map((one, at) => ({ ...one, name: `w${at}`, view: new RollView(`w${at}`) }));
          const isThere = ({ fromMs, forMs }: { fromMs: number; forMs: number }, nowMs: number) =>
            nowMs >= fromMs && nowMs < fromMs + forMs;
          // No more are there at any time than the runbook wants.
          const options = {
            ...OPTIONS,
            planned: Math.max(
              planned,
              ...Array.from(
                { length: 1_101 },
                (_, at) => workers.filter((one) => isThere(one, at * 100 - 20_000)).length,
              ),
            ),
          };
          let called: Roll | null = null;
          let most = 0;
          for (let nowMs = -20_000; nowMs < 90_000; nowMs += 100) {
            if (nowMs % 1_000 === 0 && isLed(nowMs))
              called = roll(
                nowMs,
                ...workers
                  .filter((one) => isThere(one, nowMs - 500) || isThere(one, nowMs - lagMs))
                  .map(({ name }) => name),
              );
            const present = workers.filter((one) => isThere(one, nowMs));
            let sum = 0;
            for (const { view, fromMs, phaseMs, deafFromMs, deafForMs } of present) {
              const isDeaf = nowMs >= deafFromMs && nowMs < deafFromMs + deafForMs;
              if ((nowMs - fromMs) % 1_000 < 100 || (nowMs + phaseMs) % 1_000 < 100)
                if (!isDeaf) view.read(called, nowMs);
              const mine = view.share(PACE, nowMs, options);
              if (mine.active) sum += mine.perSecond;
            }
            most = Math.max(most, sum);
          }
          expect(most).toBeLessThanOrEqual(PACE * 1.000_001);
        },
      ),
      { seed: 1, runs: 300 },
    );
  },
);
