import { describe, expect, test } from 'vitest';
import type { Claim } from '../infra/aws/claim-item.ts';
import { stateCode, toAccount } from './account-codec.ts';
import type { AttemptState } from './account-codec.ts';
import { setFromBefore } from './attempt-set.ts';
import { OUTSIDE, SEND, SETTLED, wholeBatch } from './members.ts';

const leave = { policy: 'leave' as const, knownAtApproval: false, countsReachable: false };
const resend = { ...leave, policy: 'resend' as const };
const account = (...states: AttemptState[]) => toAccount(Uint8Array.from(states, stateCode), {});
const claim = (change: Partial<Claim>): Claim => ({
  key: 'k',
  bootId: 'b',
  token: 't',
  claimedAtMs: 0,
  sendUntilMs: 0,
  mark: Number.POSITIVE_INFINITY,
  state: 'accounted',
  account: null,
  parts: [],
  ...change,
});

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
