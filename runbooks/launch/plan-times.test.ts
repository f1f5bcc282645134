import { expect, test } from 'vitest';
import { sampleRunbook, T0_MS } from '../../test/properties/scene.ts';
import { stepDueAtMs, targetOf } from './plan-times.ts';

const H = 3_600_000;
const runbook = sampleRunbook({
  target: '2027-02-14 23:30 UTC',
  targets: { de: '2027-02-15 00:00 Europe/Berlin', 'us-ios': '2027-02-15 00:00 America/New_York' },
});
const clock = { targetAtMs: T0_MS, compress: 1, runbook };
const at = (text: string) => ({ atMs: Date.parse(text), zone: 'UTC' });

test('a time of its own stands when the target moves, and one relative to T moves with it', () => {
  const moved = { ...clock, targetAtMs: T0_MS + H };
  expect(stepDueAtMs(moved, { at: -H, for: undefined })).toBe(T0_MS);
  expect(stepDueAtMs(moved, { at: at('2027-02-14T20:00Z'), for: undefined })).toBe(Date.parse('2027-02-14T20:00Z'));
  expect(stepDueAtMs(moved, { at: -H, for: 'de' })).toBe(Date.parse('2027-02-14T22:00Z'));
});

test('T of a market is its own midnight, and who has none goes by the launch', () => {
  expect(targetOf(clock, 'de')).toBe(Date.parse('2027-02-14T23:00Z'));
  expect(targetOf(clock, 'us-ios')).toBe(Date.parse('2027-02-15T05:00Z'));
  expect(targetOf(clock, 'br')).toBe(T0_MS);
  expect(targetOf(clock, '__proto__')).toBe(T0_MS);
});

test("compressed, times of their own are as far from the target as from the runbook's, divided", () => {
  const fast = { ...clock, targetAtMs: 1_000_000_000, compress: 60 };
  expect(stepDueAtMs(fast, { at: at('2027-02-14T22:30Z'), for: undefined })).toBe(1_000_000_000 - H / 60);
  expect(stepDueAtMs(fast, { at: -H, for: 'de' })).toBe(1_000_000_000 - 1_800_000 / 60 - H / 60);
});
