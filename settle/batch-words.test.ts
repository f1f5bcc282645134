import { describe, expect, test } from 'vitest';
import type { Claim } from '../infra/aws/claim-item.ts';
import { claimWith, partWith as part } from '../test/claim-items.ts';
import { stateCode, stateOf, toAccount, unpackStates } from './account-codec.ts';
import type { AttemptState } from './account-codec.ts';
import { counted, leaseEndMs, newestStates, restOf, uncovered, wordName, wordOf, words } from './batch-words.ts';
import { OUTSIDE, SEND, SETTLED, wholeBatch } from './members.ts';

const account = (...states: AttemptState[]) => toAccount(Uint8Array.from(states, stateCode), {});
const claim = (change: Partial<Claim>) => claimWith({ state: 'claimed', ...change });
const newest = (of: Claim) => [...newestStates(of, 4)].map(stateOf);
const spoken = (word: ReturnType<typeof wordOf>) => [...unpackStates(word.states, 4)].map(stateOf);
const four = wholeBatch(4);

describe('what the item of a batch says', () => {
  test('nothing while its only holder sends', () => {
    expect(words(claim({}))).toEqual([]);
    expect(newest(claim({}))).toEqual(['absent', 'absent', 'absent', 'absent']);
    expect([...newestStates(undefined, 4)].map(stateOf)).toEqual(['absent', 'absent', 'absent', 'absent']);
    expect(restOf(undefined, four)).toEqual([0, 1, 2, 3]);
    expect(restOf(claim({}), four)).toEqual([0, 1, 2, 3]);
  });

  test('each holder speaks for its own devices; the next one has what is left', () => {
    const first = part({ closedAccount: account('uncertain', 'uncertain', 'absent', 'absent') });
    expect(restOf(claim({ parts: [first] }), four)).toEqual([2, 3]);
    const both = claim({
      state: 'accounted',
      account: account('absent', 'absent', 'accepted', 'failed'),
      parts: [first],
    });
    expect(newest(both)).toEqual(['uncertain', 'uncertain', 'accepted', 'failed']);
    expect(counted(both)).toHaveLength(2);
  });

  test("who has got it has got it, even if a later word covers more than its holder's devices", () => {
    const first = part({ account: account('accepted', 'bad-token', 'absent', 'absent') });
    const closedOver = claim({
      state: 'closed',
      account: account('uncertain', 'uncertain', 'uncertain', 'uncertain'),
      closedAccount: account('uncertain', 'uncertain', 'uncertain', 'uncertain'),
      parts: [first],
    });
    expect(newest(closedOver)).toEqual(['accepted', 'bad-token', 'uncertain', 'uncertain']);
  });

  test("a late account counts for what its holder was given up for, and for nothing of the next one's", () => {
    const late = part({
      closedAccount: account('uncertain', 'uncertain', 'absent', 'absent'),
      account: account('accepted', 'absent', 'halted', 'halted'),
    });
    expect(newest(claim({ parts: [late] }))).toEqual(['accepted', 'uncertain', 'absent', 'absent']);
    expect(restOf(claim({ parts: [late] }), four)).toEqual([2, 3]);
    // The close has counted what stood there then; the correction tells the rest.
    expect(counted(claim({ parts: [late] }))).toEqual([late.closedAccount]);
  });

  test('an own account without anybody who had given it up leaves out what was handed on', () => {
    const handed = part({ account: account('accepted', 'absent', 'uncertain', 'absent') });
    expect(restOf(claim({ state: 'open', token: '', parts: [handed] }), four)).toEqual([1, 3]);
    expect(uncovered(claim({ state: 'open', token: '', parts: [handed] }), four)).toEqual([1, 3]);
  });
});

describe('the word of whoever gives a holder up', () => {
  test("below the mark uncertain, beyond it the next one's", () => {
    const held = claim({ mark: 2 });
    expect(uncovered(held, four)).toEqual([2, 3]);
    expect(spoken(wordOf(held, four, 'absent'))).toEqual(['uncertain', 'uncertain', 'absent', 'absent']);
    expect(spoken(wordOf(held, four, 'late'))).toEqual(['uncertain', 'uncertain', 'late', 'late']);
  });

  test('unclaimed or handed on, it is all as the closer says', () => {
    expect(spoken(wordOf(undefined, four, 'halted'))).toEqual(['halted', 'halted', 'halted', 'halted']);
    const open = claim({
      state: 'open',
      token: '',
      mark: 4,
      parts: [part({ account: account('accepted', 'absent', 'absent', 'absent') })],
    });
    expect(spoken(wordOf(open, four, 'late'))).toEqual(['absent', 'late', 'late', 'late']);
  });

  test('who was answered before, or is to get nothing, is skipped; who is outside of the attempt is absent', () => {
    const set = { members: Uint8Array.of(SETTLED, SEND, OUTSIDE, SETTLED), size: 3 };
    expect(spoken(wordOf(undefined, set, 'halted'))).toEqual(['skipped', 'halted', 'absent', 'skipped']);
    expect(spoken(wordOf(claim({ mark: 2 }), set, 'absent', (device) => device === 1))).toEqual([
      'uncertain',
      'skipped',
      'absent',
      'absent',
    ]);
  });

  test('what a lease covered is uncertain, whatever an earlier attempt has said since: its holder may have written it before that', () => {
    const set = { members: Uint8Array.of(SETTLED, SEND, OUTSIDE, SETTLED), size: 3 };
    expect(spoken(wordOf(claim({ mark: 2 }), set, 'halted'))).toEqual(['uncertain', 'uncertain', 'absent', 'skipped']);
  });
});

test("the first holder goes by its batch's name, as in records from before there were others", () => {
  expect([wordName('b7', 1), wordName('b7', 3)]).toEqual(['b7', 'b7~3']);
});

describe('who has said it', () => {
  test('each holder by its number, and whether somebody can still account for it', () => {
    const own = account('accepted', 'absent', 'absent', 'absent');
    const given = account('absent', 'uncertain', 'absent', 'absent');
    const last = account('absent', 'absent', 'late', 'late');
    const parts = [part({ token: 'p1', account: own }), part({ token: '', closedAccount: given })];
    const before = [
      { holder: 1, hasHolder: true, account: own, closedAccount: null },
      { holder: 2, hasHolder: false, account: null, closedAccount: given },
    ];
    expect(words(claim({ parts }))).toEqual(before);
    expect(words(claim({ parts, state: 'accounted', account: last, closedAccount: given }))).toEqual([
      ...before,
      { holder: 3, hasHolder: true, account: last, closedAccount: given },
    ]);
    // Where a closer wrote it, its account is the closer's word and no holder's own.
    expect(words(claim({ parts, state: 'closed', token: '', account: last, closedAccount: last }))).toEqual([
      ...before,
      { holder: 3, hasHolder: false, account: null, closedAccount: last },
    ]);
  });

  test('a lease ends with its time, and with the window at the latest', () => {
    expect([leaseEndMs({ sendUntilMs: 5 }, 9), leaseEndMs({ sendUntilMs: 9 }, 5)]).toEqual([5, 5]);
  });
});
