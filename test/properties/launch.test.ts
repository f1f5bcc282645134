import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Entry } from '../../runbooks/launch/entries.ts';
import { evolve, fold } from '../../runbooks/launch/evolve.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { inAll } from '../in-all.ts';
import { holds, PROPERTY } from './holds.ts';
import { checkHistory } from './invariants.ts';
import { history } from './moves.ts';
import { LAUNCH_ID } from './scene.ts';
import { World } from './world.ts';

/** Histories of several people on three bots with clocks apart, lost answers, restarts and races. Fixed seeds: a failure here is a failure everywhere. */

const seen = new Map<string, number>();

const SEEDS: [seed: number, runs: number][] = [
  [1, 400],
  ...inAll<[number, number]>('one seed holds the invariants; two more go further', [
    [2, 700],
    [3, 700],
  ]),
];

test.each(SEEDS)(
  'every history keeps every invariant (seed %i, %i histories)',
  { ...PROPERTY, timeout: 240_000 },
  async (seed, runs) => {
    await holds(
      'launch-history',
      fc.asyncProperty(history, async ({ moves, skewsMs, faults, uncertain }) => {
        const world = new World(skewsMs, faults, uncertain);
        const played = await world.play(moves);
        checkHistory(played);
        for (const entry of played.entries)
          for (const what of [entry.kind, ...detailsOf(entry)]) seen.set(what, (seen.get(what) ?? 0) + 1);
        for (const { result } of played.submits)
          if (!(result instanceof Error) && !result.ok) seen.set(result.code, (seen.get(result.code) ?? 0) + 1);
        // Every bot, whatever it has read when, sees the same launch.
        const whole = fold(played.entries);
        for (const state of await world.states()) if (!isDeepStrictEqual(state, whole)) expect(state).toEqual(whole);
      }),
      { seed, runs },
    );
  },
);

/** What a kind alone does not tell. */
function detailsOf(entry: Entry): string[] {
  if (entry.kind === 'FireApproved') return entry.armed === undefined ? [] : ['FireApproved, at its moment'];
  if (entry.kind !== 'RunbookChanged') return [];
  return [
    ...(entry.changeId === null ? [] : ['RunbookChanged, by two']),
    ...(entry.voids.orders.length === 0 ? [] : ['RunbookChanged, ends an order']),
  ];
}

test('those histories go where it matters', () => {
  const few = [
    'FireRequested',
    'FireApproved',
    'FireDeclined',
    'FireExpired',
    'FireArmed',
    'FireApproved, at its moment',
    'FireHeld',
    'FireRenewed',
    'StoodDown',
    'ShotClosed',
    'ShotCorrected',
    'HaltSet',
    'HaltLifted',
    'RosterChanged',
    'PersonRemoved',
    'RunbookChangeRequested',
    'ChangeExpired',
    'REQUEST_EXPIRED',
    'RunbookChanged, by two',
    'RunbookChanged, ends an order',
    'WaiverGranted',
    'SwitchSet',
    'StepStarted',
    'SAME_PERSON',
    'ORDER_EXPIRED',
    'ORDER_NOT_OPEN',
    'CONTENT_CHANGED',
    'HALTED',
    'HARD_GATE_RED',
    'GATES_RED',
    'SEGMENT_TAKEN',
    'SHOT_RUNNING',
    'TOTALS_WRONG',
    'PROOF_INVALID',
    'NOTHING_TO_FIRE',
    'AUDIENCE_IN_USE',
    'NOT_ON_ROSTER',
    'STOOD_DOWN',
    'FIRE_POLICY',
    'RUNBOOK_FIXED',
    'RUNBOOK_IN_USE',
    'NO_SUCH_REQUEST',
  ].filter((what) => (seen.get(what) ?? 0) < 10);
  expect(few, JSON.stringify(Object.fromEntries(seen))).toEqual([]);
});

test(
  'a state is the same however its entries came in, whole or in parts, and through storage',
  { ...PROPERTY, timeout: 120_000 },
  async () => {
    await holds(
      'launch-fold',
      fc.asyncProperty(history, fc.nat(), async ({ moves, skewsMs, faults, uncertain }, cut) => {
        const { entries } = await new World(skewsMs, faults, uncertain).play(moves);
        const at = cut % (entries.length + 1);
        const whole = fold(entries);
        const frozen = deepFreeze(fold(entries.slice(0, at)));
        // Frozen: a state that somebody holds is never changed under them.
        const resumed = entries.slice(at).reduce<Launch | null>((launch, entry) => evolve(launch, entry), frozen);
        expect(resumed).toEqual(whole);
        expect(fold(JSON.parse(JSON.stringify(entries)) as Entry[])).toEqual(whole);
        expect(JSON.parse(JSON.stringify(whole))).toEqual(whole);
        expect(whole).toMatchObject({ id: LAUNCH_ID, seq: entries.length, headHash: entries.at(-1)?.hash });
      }),
      { seed: 7, runs: 150 },
    );
  },
);

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const field of Object.values(value)) deepFreeze(field);
  }
  return value;
}
