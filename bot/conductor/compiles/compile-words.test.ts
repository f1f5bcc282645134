import { expect, test } from 'vitest';
import { Scene } from '../../../test/properties/scene.ts';
import { compileMessage, runTitle } from '../../views/compile.ts';
import type { CompileRun } from '../../views/compile.ts';
import { begins, commandOf, countedText, listedText, setText, stoppedText } from './compile-words.ts';

/** So many texts in two segments, the later ones larger. */
const shotOf = (shot: number, texts: number) => ({
  shotId: `S${shot}`,
  texts: ['us-ios', 'us-android'].flatMap((segment, at) =>
    Array.from({ length: texts }, (_, text) => ({
      segment,
      text: `t${text}`,
      states: at === 0 ? { failed: 3 * (text + 1), accepted: 10 * (text + 1) } : { accepted: 1_000 },
    })),
  ),
  untold: 3,
});

const SKIP = { hash: 'c'.repeat(64), tokens: 1_007, adds: null };
const listed = { v: 1 as const, atMs: 1, is: 'listed' as const, skip: SKIP, added: 3, refused: 4, untold: 0 };

test('a skip list says how many were refused, how many of them are new, and of how many it can no longer be told', () => {
  expect(listedText(listed)).toBe(
    '4 tokens refused for good: 3 are new on the skip list (1,007 tokens). No order is void by it; workers take it in now.',
  );
  expect(listedText({ ...listed, added: 0, untold: 1 })).toBe(
    '4 tokens refused for good: all of them were skipped already (1,007 tokens). Of 1 more device nobody can tell it any more.',
  );
});

test('a sample says whom it is for when it begins and in its message, and nothing that concerns lists', () => {
  const { state } = Scene.ready();
  const run = { number: 2, by: 'mia', takesFrom: 'day', sample: { share: 0.25 }, end: null } as unknown as CompileRun;
  expect([runTitle(run), commandOf(run)]).toEqual(['Sample 2', ['take']]);
  expect(begins(state, run)).toBe('Mia Chen has 25 % of the devices of day taken.');
  expect(setText(state, run, undefined)).toBe('It is the audience of this rehearsal, and nobody else gets it.');
  const end = { how: 'set', say: 'Set.', problems: [], devices: 250, rows: 250, rejected: {}, atMs: 60_000 };
  const said = JSON.stringify(compileMessage(state, { ...run, askedAtMs: 0, end } as unknown as CompileRun));
  expect(said).toContain('asked for by Mia Chen, 25 % of the devices of `day` · 250 devices · took');
});

test('a task that ended without a word is told by its code, and only a compile keeps what it had read', () => {
  const seen = { state: 'stopped' as const, exitCode: 137, reason: 'OutOfMemory' };
  const skip = { refusedIn: { launchId: 'r', tokens: 4 } } as CompileRun;
  expect(stoppedText(skip, seen)).toBe(
    'Its task ended with the exit code 137 (killed; often for want of memory): OutOfMemory. Its log has more.',
  );
  expect(stoppedText({ users: 'u', table: 't' } as CompileRun, { ...seen, exitCode: null })).toContain(
    'before it ran: OutOfMemory. Its log has more; what it had read is kept for another try.',
  );
});

test('a count says where refused tokens lie, and of how many devices nobody knows any more', () => {
  const counted = { v: 1 as const, atMs: 1, is: 'counted' as const, shots: [shotOf(4, 1)] };
  expect(countedText({ ...counted, refused: { key: 'joins/c/refused.csv', tokens: 1 } })).toBe(
    'Outcomes of S4 by language are in the record, and in the postmortem that is made next. 3 devices of them have no account any more. 1 token that was refused for good lies in the bucket at joins/c/refused.csv, for whoever owns the table of devices.\nS4: t0 1,010 accepted, 3 failed.',
  );
  expect(countedText({ ...counted, refused: null })).toContain('No token was refused for good.');
  const timed = (ios: number, known: number, leftOut: number) =>
    countedText({ ...counted, refused: { key: 'k', tokens: 1_500 }, times: { ios, known, leftOut } });
  expect(timed(0, 0, 0)).toMatch(/the table of devices\.$/m);
  expect(timed(1_300, 1_200, 90)).toMatch(
    /devices\. 1,200 of 1,300 iOS tokens with the time at which APNs confirmed that they are gone\. Of 90 the time may be missing: the account of their batch had no room for it\.$/m,
  );
});

test('of the last shots a count says what became of their largest texts, over all segments', () => {
  const shots = [1, 2, 3, 4].map((number) => shotOf(number, 8));
  const said = countedText({ v: 1, atMs: 1, is: 'counted', shots, refused: null });
  expect(said).toContain('Outcomes of S1, S2, S3, S4 by language');
  expect(said).toMatch(/\nThe last 3:\nS2: /);
  expect(said).not.toContain('S1: ');
  expect(said).toContain(
    'S4: t7 1,080 accepted, 24 failed; t6 1,070 accepted, 21 failed; t5 1,060 accepted, 18 failed; t4 1,050 accepted, 15 failed; t3 1,040 accepted, 12 failed; t2 1,030 accepted, 9 failed; and 2 more texts.',
  );
});
