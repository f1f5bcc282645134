import type { Account, Claim } from '../infra/aws/claim-item.ts';
import { noCounts } from '../runbooks/launch/counts.ts';
import { stateCode, toAccount, unpackStates } from './account-codec.ts';
import { OUTSIDE, SETTLED } from './members.ts';
import type { AttemptSet } from './members.ts';

/**
 * What the item of a batch says, device by device. A claim is a chain of holders, and each has a word about the devices that
 * it was for: its own account, or that of whoever gave it up. A device that has a word, or lies under a lease, is never
 * anybody else's in that attempt.
 */

/** `holder`: the how many-th it was, from 1. `hasHolder`: somebody can still account for it. At least one of the two accounts is there. */
export interface Word {
  holder: number;
  hasHolder: boolean;
  account: Account | null;
  closedAccount: Account | null;
}

const ABSENT = stateCode('absent');
const ANSWERED: ReadonlySet<number> = new Set([stateCode('accepted'), stateCode('bad-token')]);

/** In order. The present holder has none while it sends. */
export function words(claim: Claim): Word[] {
  const said: Word[] = claim.parts.map(({ token, account, closedAccount }, at) => ({
    holder: at + 1,
    hasHolder: token !== '',
    account,
    closedAccount,
  }));
  if (claim.state !== 'accounted' && claim.state !== 'closed') return said;
  const closedAccount = claim.closedAccount ?? null;
  return [
    ...said,
    {
      holder: claim.parts.length + 1,
      hasHolder: claim.token !== '',
      account: claim.state === 'accounted' ? claim.account : null,
      closedAccount,
    },
  ];
}

/** What a close counts: where somebody was given up, the word of whoever did it, even if its own has come since. That one becomes a correction (correct.ts), so that record and claims tell the same story entry by entry. */
export function counted(claim: Claim): Account[] {
  return words(claim).flatMap(({ account, closedAccount }) => closedAccount ?? account ?? []);
}

/** How corrections and messages call a holder's part of a batch. */
export function wordName(batch: string, holder: number): string {
  return holder === 1 ? batch : `${batch}~${holder}`;
}

/**
 * What is known of a holder's devices by now: its own word, for exactly those that the one who gave it up counted as its.
 * Of what lies beyond them (the next holder's, say) a late account can't know.
 */
export function newestWord(
  { account, closedAccount }: Pick<Word, 'account' | 'closedAccount'>,
  count: number,
): Uint8Array {
  const closed = closedAccount === null ? null : unpackStates(closedAccount.states, count);
  const own = account === null ? null : unpackStates(account.states, count);
  if (closed === null) return own ?? new Uint8Array(count).fill(ABSENT);
  return closed.map((code, device) =>
    code === ABSENT || own === null || own[device] === ABSENT ? code : (own[device] ?? code),
  );
}

/** Per device the code of the newest word; `absent` where nobody has said anything. */
export function newestStates(claim: Claim | undefined, count: number): Uint8Array {
  const states = new Uint8Array(count).fill(ABSENT);
  if (claim === undefined) return states;
  for (const word of words(claim)) {
    newestWord(word, count).forEach((code, device) => {
      // A holder has no say over another one's devices. Should one speak of them all the same (a closer from before chains), who has got it has got it.
      if (code !== ABSENT && !ANSWERED.has(states[device] ?? ABSENT)) states[device] = code;
    });
  }
  return states;
}

/** The devices, in order, that are neither outside the attempt nor any earlier holder's: the present holder's list, or the next one's. */
export function restOf(claim: Pick<Claim, 'parts'> | undefined, { members }: AttemptSet): number[] {
  const taken = new Uint8Array(members.length);
  for (const part of claim?.parts ?? [])
    newestWord(part, members.length).forEach((code, device) => {
      if (code !== ABSENT) taken[device] = 1;
    });
  const rest: number[] = [];
  for (let device = 0; device < members.length; device++)
    if (members[device] !== OUTSIDE && taken[device] === 0) rest.push(device);
  return rest;
}

/** When a lease is over. None lasts longer than its platform's window, whatever somebody has written into the table: nothing may block a batch for ever. */
export function leaseEndMs({ sendUntilMs }: Pick<Claim, 'sendUntilMs'>, notAfterMs: number): number {
  return Math.min(sendUntilMs, notAfterMs);
}

/** Of the present holder's list, what its lease does not cover: provably unwritten once the lease is over. All of the rest where nobody holds it. */
export function uncovered(claim: Claim, set: AttemptSet): number[] {
  const rest = restOf(claim, set);
  return claim.state === 'claimed' ? rest.filter((device) => device >= claim.mark) : rest;
}

/**
 * The word of whoever gives the present holder up: what its lease covered is uncertain, the rest as `beyond` says, absent
 * when another holder comes; skipped where an earlier attempt has an answer. `isSkipped`: known to have been nobody's to send from the beginning.
 */
export function wordOf(
  claim: Claim | undefined,
  set: AttemptSet,
  beyond: 'absent' | 'halted' | 'late' | 'uncertain',
  isSkipped: (device: number) => boolean = () => false,
): Account {
  const states = new Uint8Array(set.members.length).fill(ABSENT);
  for (const device of restOf(claim, set)) {
    const isCovered = claim?.state === 'claimed' && device < claim.mark;
    if (!isCovered && beyond === 'absent') continue;
    // An answer of an earlier attempt may have come after the claim: what the lease covered may have been written all the same.
    const isNobodys = isSkipped(device) || (set.members[device] === SETTLED && !isCovered);
    states[device] = stateCode(isNobodys ? 'skipped' : isCovered ? 'uncertain' : beyond);
  }
  return toAccount(states, noCounts());
}
