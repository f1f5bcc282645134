import { expect, test } from 'vitest';
import { audience, sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { badTokensGate } from './bad-token-rate.ts';
import type { RehearsalReport, Totals } from './entries.ts';
import type { Launch } from './launch.ts';

const DAY_MS = 86_400_000;
const ready = Scene.created(sampleRunbook({}));
ready.does({ kind: 'set-audience', by: 'ana', audience });
const big = { ...audience, devices: 1_000_000 };

/** A launch of a million devices whose last limited rehearsal was answered so. */
function rehearsed(answered: number, refused: number, more: Partial<RehearsalReport> = {}): Launch {
  const report = {
    audienceHash: audience.hash,
    totals: { accepted: answered - refused, failed: refused } as Totals,
    refused,
    ...more,
  } as RehearsalReport;
  const one = { id: 'r', what: 'limited', begunAtMs: 0, endedAtMs: DAY_MS, report } as Launch['rehearsals'][string];
  return { ...ready.state, audience: big, rehearsals: { r: one } };
}
const gate = (launch: Launch, atMost = 0.05) => badTokensGate(launch, { at_most: atMost }, 2 * DAY_MS);

test('the share that a rehearsal was refused is expected of the whole audience, with the day it was found', () => {
  expect(gate(rehearsed(1_000, 21), 0.02)).toEqual({
    status: 'red',
    value: 0.021,
    say: '2.1 % expected, 21,000 tokens: 21 of 1,000 were refused in rehearsal r, 24 h ago',
    sinceMs: DAY_MS,
  });
  expect(gate(rehearsed(1_000, 21), 0.021)).toMatchObject({ status: 'green' });
});

test('of a skip list that has grown since only the tokens that were refused there count, and only where it is known how long it was', () => {
  const skipping = (tokens: number, skipTokens?: number) => ({
    ...rehearsed(100_000, 6_000, skipTokens === undefined ? {} : { skipTokens }),
    skipList: { hash: 'h', key: 'k', tokens },
  });
  expect(gate(skipping(900_000, 100))).toMatchObject({
    value: 0.0543,
    say: expect.stringContaining('54,000 tokens') as string,
  });
  expect(gate(skipping(2_100, 100))).toMatchObject({
    say: expect.stringContaining('2,000 of them are on the skip list since') as string,
  });
  expect(gate(skipping(900_000, 900_000))).toMatchObject({ value: 0.06 });
  expect(gate(skipping(900_000))).toMatchObject({ value: 0.06 });
  expect(gate(skipping(99, 100), 0.5)).toMatchObject({
    status: 'unknown',
    say: 'the skip list is shorter by 1 than at rehearsal r, which sent nothing to those tokens: rehearse it anew',
  });
  expect(gate({ ...rehearsed(100_000, 6_000, { skipTokens: 100 }), skipList: null }, 0.5)).toMatchObject({
    status: 'unknown',
  });
});

test('a skip list in the place of that one tells nothing, however long it is: it may bring tokens back', () => {
  const skipping = (covers: (string | null)[]) => ({
    ...rehearsed(1_000, 21, { skipTokens: 1, skipListHash: 'before' }),
    skipList: { hash: 'h', key: 'k', tokens: 9, covers },
  });
  expect(gate(skipping(['before', null]))).toMatchObject({ status: 'green' });
  expect(gate(skipping([]))).toMatchObject({
    status: 'unknown',
    say: expect.stringContaining('was replaced since rehearsal r') as string,
  });
});

test('no answer at all tells nothing, also where the audience is one device', () => {
  expect(gate({ ...rehearsed(0, 0), audience: { ...big, devices: 1 } })).toMatchObject({
    status: 'unknown',
    say: '0 answers of rehearsal r are too few to tell 5 %: 1 are needed',
  });
});

test('what a provider failed for another cause tells nothing of a token', () => {
  const totals = (accepted: number, failed: number) => ({ totals: { accepted, failed } as Totals });
  expect(gate(rehearsed(0, 0, totals(59, 9_941)))).toMatchObject({ status: 'unknown' });
  expect(gate(rehearsed(0, 100, totals(900, 9_100)), 0.05)).toMatchObject({ status: 'red', value: 0.1 });
});

test('an audience that is smaller than the answers it would take is told by all that a rehearsal can reach', () => {
  const small = (answered: number) => ({ ...rehearsed(answered, 0), audience: { ...audience, devices: 40 } });
  expect(gate(small(39))).toMatchObject({ status: 'green' });
  expect(gate(small(38)).say).toContain('too few to tell 5 %: 39 are needed');
});

test('too few answers, another audience, or none at all tell nothing', () => {
  expect(gate(rehearsed(59, 0))).toMatchObject({
    status: 'unknown',
    value: null,
    say: '59 answers of rehearsal r are too few to tell 5 %: 60 are needed',
  });
  expect(gate(rehearsed(60, 0))).toMatchObject({ status: 'green' });
  // In a launch of before 0 was refused: as many as a rehearsal can reach.
  expect(gate(rehearsed(999_998, 0), 0)).toMatchObject({ status: 'unknown' });
  expect(gate(rehearsed(999_999, 0), 0)).toMatchObject({ status: 'green' });
  expect(gate(rehearsed(1_000, 0, { audienceHash: 'another' })).say).toContain('went to another audience');
  expect(gate({ ...ready.state, audience: big }).say).toContain('/go rehearse limited');
});
