import { describe, expect, test } from 'vitest';
import type { Entry, EntryOf } from '../runbooks/launch/entries.ts';
import { claimWith as claim } from '../test/claim-items.ts';
import { settleRig } from '../test/settle-rig.ts';
import { stateCode, toAccount } from './account-codec.ts';
import type { AttemptState } from './account-codec.ts';
import { attemptSets, setFromBefore } from './attempt-set.ts';
import { OUTSIDE, SEND, SETTLED, wholeBatch } from './members.ts';

const leave = { policy: 'leave' as const, knownAtApproval: false, countsReachable: false };
const resend = { ...leave, policy: 'resend' as const };
const account = (...states: AttemptState[]) => toAccount(Uint8Array.from(states, stateCode), {});

describe('devices of an attempt', () => {
  test('the first is for the whole batch', () => {
    expect(wholeBatch(3)).toEqual({ members: Uint8Array.of(SEND, SEND, SEND), size: 3 });
  });

  test('from before sets were frozen: what was halted or late, and for nobody who was accepted, failed, skipped or not part of it', () => {
    const before = claim({
      account: account('accepted', 'halted', 'failed', 'late', 'skipped', 'absent', 'uncertain', 'bad-token'),
    });
    expect(setFromBefore(before, 8, leave)).toEqual({
      members: Uint8Array.of(OUTSIDE, SEND, OUTSIDE, SEND, OUTSIDE, OUTSIDE, OUTSIDE, OUTSIDE),
      size: 2,
    });
    expect(setFromBefore(before, 8, resend).size).toBe(3);
  });

  test('a device that failed for another reason than its token is in it, if the record counts those', () => {
    const before = claim({ account: account('accepted', 'failed', 'bad-token', 'halted') });
    expect(setFromBefore(before, 4, { ...leave, countsReachable: true })).toEqual({
      members: Uint8Array.of(OUTSIDE, SEND, OUTSIDE, SEND),
      size: 2,
    });
    const late = claim({
      closedAccount: account('uncertain', 'uncertain', 'uncertain'),
      account: account('accepted', 'failed', 'bad-token'),
    });
    // A refusal reached nobody: it may be tried again. What was accepted, or whose token is bad, is settled.
    expect(setFromBefore(late, 3, { ...resend, countsReachable: true }).members).toEqual(
      Uint8Array.of(SETTLED, SEND, SETTLED),
    );
    expect(setFromBefore(late, 3, resend).members).toEqual(Uint8Array.of(SETTLED, SETTLED, SETTLED));
  });

  test('an account that came after the approval changes no count, but nobody who was answered is sent to again', () => {
    const before = claim({
      closedAccount: account('uncertain', 'uncertain', 'uncertain', 'uncertain'),
      account: account('accepted', 'halted', 'uncertain', 'bad-token'),
    });
    expect(setFromBefore(before, 4, resend)).toEqual({ members: Uint8Array.of(SETTLED, SEND, SEND, SETTLED), size: 4 });
    expect(setFromBefore(before, 4, leave).size).toBe(0);
  });

  test('an account whose correction was in the record at the approval counts', () => {
    const before = claim({ closedAccount: account('uncertain', 'uncertain'), account: account('accepted', 'halted') });
    expect(setFromBefore(before, 2, { ...leave, knownAtApproval: true })).toEqual({
      members: Uint8Array.of(OUTSIDE, SEND),
      size: 1,
    });
  });

  test('a batch that the attempt before had nothing of is empty', () => {
    expect(setFromBefore(undefined, 2, resend).size).toBe(0);
  });
});

describe('the sets of many batches', () => {
  const batches = ['ios.0', 'ios.1'].map((id) => ({ id, count: 4 }));
  const frozen = { segment: 'ios', attempt: 3, devices: 3, hash: 'h', seq: 1 };

  /** `sets`: what was frozen when the attempt was asked for. `corrections`: of the attempt before. */
  function asking(sets: (typeof frozen)[] | undefined, corrections: Partial<EntryOf<'ShotCorrected'>>[] = []) {
    const rig = settleRig();
    const shot = rig.scene.fired('all');
    const { sets: _, ...shown } = shot.shown;
    const again = { ...shot, approvedSeq: 90, shown: sets === undefined ? shown : { ...shown, sets } };
    const correction = { kind: 'ShotCorrected', seq: 80, shotId: shot.id, segment: 'ios', attempt: 1, batch: 'ios.0' };
    const entries = [...rig.scene.entries, ...corrections.map((one) => ({ ...correction, ...one }) as Entry)];
    const context = { launch: rig.scene.state, shot: again, entries };
    const read: string[][] = [];
    const claims = {
      read: (keys: readonly string[], isConsistent?: boolean) => {
        expect(isConsistent).toBe(true);
        read.push([...keys]);
        return rig.claims.read(keys);
      },
    };
    const setOf = (launchId: string, set: typeof frozen) => {
      expect([launchId, set]).toEqual([context.launch.id, frozen]);
      return Promise.resolve(new Map([['ios.0', Uint8Array.of(1, 1, 0, 1)]]));
    };
    const ask = (attempt: number) => attemptSets({ claims, setOf }, context, 'ios', attempt, batches);
    return { ...rig, ask, read, context };
  }

  test('are whole at first, and nothing is read', async () => {
    const { ask, read } = asking([frozen]);
    const whole = wholeBatch(4);
    expect([...(await ask(1))]).toEqual([
      ['ios.0', whole],
      ['ios.1', whole],
    ]);
    expect(read).toEqual([]);
  });

  test('are those that were frozen, less who was answered in any earlier attempt; a batch that nobody is left of is not looked up', async () => {
    const { ask, read, accounted, claims, claim, key } = asking([{ ...frozen, segment: 'android' }, frozen]);
    await accounted('ios.0', 'halted', 'accepted', 'accepted', 'halted');
    await claim('ios.0', { attempt: 2 });
    await claims.account(key('ios.0', 2), 'ios.0', account('bad-token', 'absent', 'absent', 'failed'));
    const sets = await ask(3);
    expect(sets.get('ios.0')).toEqual({ members: Uint8Array.of(SETTLED, SETTLED, OUTSIDE, SEND), size: 3 });
    expect(sets.get('ios.1')).toEqual({ members: new Uint8Array(4), size: 0 });
    expect(read).toEqual([[key('ios.0', 1), key('ios.0', 2)]]);
  });

  test.each([undefined, []])('are what the attempt before left, where none was frozen (%j)', async (none) => {
    const { ask, read, accounted, key } = asking(none);
    await accounted('ios.0', 'halted', 'accepted', 'late', 'uncertain');
    const sets = await ask(2);
    expect(sets.get('ios.0')).toEqual({ members: Uint8Array.of(SEND, OUTSIDE, SEND, SEND), size: 3 });
    expect(sets.get('ios.1')).toEqual({ members: new Uint8Array(4), size: 0 });
    expect(read).toEqual([[key('ios.0'), key('ios.1')]]);
  });

  test.each<[string, Partial<EntryOf<'ShotCorrected'>>, boolean]>([
    ['in the record at the approval', {}, true],
    ['written after it', { seq: 90 }, false],
    ['of another shot', { shotId: 'S1' }, false],
    ['of another batch', { batch: 'ios.1' }, false],
    ['no correction', { kind: 'Note' as never }, false],
  ])('where none was frozen a late account counts by its correction: %s', async (_, correction, counts) => {
    const { ask, claims, claim, key } = asking(undefined, [correction]);
    await claim('ios.0');
    const given = account('uncertain', 'uncertain', 'uncertain', 'uncertain');
    await claims.close(key('ios.0'), given, claims.items.get(key('ios.0')) ?? null);
    await claims.account(key('ios.0'), 'ios.0', account('accepted', 'halted', 'halted', 'halted'));
    expect((await ask(2)).get('ios.0')).toMatchObject({ size: counts ? 3 : 4 });
  });

  test('where none was frozen failed devices are in it if the attempt before counted whom it could reach', async () => {
    const { ask, accounted, context } = asking(undefined);
    await accounted('ios.0', 'failed', 'halted', 'accepted', 'accepted');
    expect((await ask(2)).get('ios.0')?.size).toBe(1);
    const [first, ...others] = context.launch.attempts['ios'] ?? [];
    if (first === undefined) throw new Error('no attempt');
    const totals = (reachable: number) => ({ totals: { reachable } }) as never;
    const before = { ...first, attempt: 1, totals: totals(1) };
    const said = (...attempts: (typeof first)[]) => (context.launch.attempts['ios'] = attempts);
    said({ ...before, attempt: 7, totals: null }, before, ...others);
    expect((await ask(2)).get('ios.0')?.size).toBe(2);
    said({ ...before, totals: totals(0) }, { ...before, attempt: 3 });
    expect((await ask(2)).get('ios.0')?.size).toBe(1);
    said();
    expect((await ask(2)).get('ios.0')?.size).toBe(1);
  });
});
