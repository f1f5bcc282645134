import { expect, test } from 'vitest';
import { bazaar } from './for-tests.ts';
import { apartFromQuarters, beforeTargetMs, clearOfQuarters, playTimes } from './play-times.ts';

const TARGET = Date.parse('2027-02-14T19:00:00Z');
const HOUR = 3_600_000;
const { runbook } = bazaar();

test('what is before T takes a minute, a quarter of a minute from now on', () => {
  expect(beforeTargetMs(runbook)).toBe(4 * HOUR);
  expect(playTimes(runbook, null, 1_000)).toEqual({ compress: 240, targetAtMs: 76_000 });
  // Also when its own target is over.
  expect(playTimes(runbook, null, TARGET + HOUR)).toEqual({ compress: 240, targetAtMs: TARGET + HOUR + 75_000 });
});

test('a step of a market with a T of its own, and one with a time of its own, count as they are', () => {
  const early = bazaar('at: T-2h', 'at: T-30h, for: de').runbook;
  expect(beforeTargetMs(early)).toBe(30 * HOUR);
  const fixed = bazaar('at: T-2h', 'at: 2027-02-14 08:00 Europe/Berlin').runbook;
  expect(beforeTargetMs(fixed)).toBe(12 * HOUR);
});

test('a market whose own T is before every step is still to come when the room opens', () => {
  const far = bazaar('fr-ios: 2027-02-14 21:00 Europe/Paris', 'fr-ios: 2027-02-14 09:00 Europe/Paris').runbook;
  expect(beforeTargetMs(far)).toBe(11 * HOUR);
});

test('a plan that begins at T is played as it is, and a very long one as fast as a launch can be', () => {
  const atT = bazaar('at: T-2h', 'at: T').runbook;
  const nothing = { ...atT, phases: atT.phases.slice(1) };
  expect(playTimes(nothing, null, 0)).toEqual({ compress: 1, targetAtMs: 15_000 });
  expect(playTimes(bazaar('at: T-2h', 'at: T-400d').runbook, null, 0).compress).toBe(100_000);
});

test('in real time T is the own target; one that is over is refused with what to do', () => {
  expect(playTimes(runbook, 1, TARGET - HOUR)).toEqual({ compress: 1, targetAtMs: TARGET });
  expect(() => playTimes(runbook, 1, TARGET)).toThrow(
    /--compress: found 1, which is real time, and the runbook's target 2027-02-14 19:00 UTC is over; expected a larger number/,
  );
  // Asked for a pace, it is played from now on, target or not.
  expect(playTimes(runbook, 4, TARGET)).toEqual({ compress: 4, targetAtMs: TARGET + 15_000 + HOUR });
});

test('a plan whose gate keeps away from quarter hours has T where GO can be asked for; any other has it where it falls', () => {
  const quarters = bazaar(
    'gates:\n',
    'gates:\n  - { id: q, title: Q, probe: { kind: quarter-hours, apart: 2m } }\n',
  ).runbook;
  const at = (time: string) => Date.parse(`2027-02-14T${time}Z`);
  expect([apartFromQuarters(runbook), apartFromQuarters(quarters)]).toEqual([0, 120_000]);
  for (const [asked, given] of [
    ['18:12:29', '18:12:29'],
    ['18:12:31', '18:17:00'],
    ['18:15:00', '18:17:00'],
    ['18:16:59', '18:17:00'],
    ['18:17:00', '18:17:00'],
    ['18:58:00', '19:02:00'],
  ] as const)
    expect(clearOfQuarters(quarters, at(asked)), asked).toBe(at(given));
  expect(clearOfQuarters(runbook, at('18:15:00'))).toBe(at('18:15:00'));
});
