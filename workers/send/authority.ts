import type { Keyring } from '../../infra/aws/keyring.ts';
import { sha256 } from '../../infra/aws/sha256.ts';
import { signatureHolds } from '../../infra/aws/signature.ts';
import { foldVerified, headProblem } from '../../infra/aws/verify-record.ts';
import type { Entry, EntryOf, Shown } from '../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { proofText } from '../../runbooks/launch/proof.ts';
import { contentHash } from '../../runbooks/launch/shown.ts';
import { covers } from '../../runbooks/launch/skip-cover.ts';
import { takeOverText } from '../../runbooks/launch/take-over.ts';
import { vouchProblem } from '../../runbooks/launch/vouch.ts';

/**
 * Wake-ups carry no authority: whoever can write to a queue still can't fire. What may be sent follows from the
 * record alone, and it is checked here anew, without trust in whatever wrote the entries: chain, keys and signatures of all
 * of them, and by the core's own rules every request, approval, lift, waiver, change of people or keys, and halt.
 */
export interface Authority {
  launch: Launch;
  shot: Shot;
  entries: readonly Entry[];
}

export type AuthorityCode =
  | 'RECORD_EMPTY'
  | 'RECORD_BROKEN'
  | 'RECORD_UNSIGNED'
  | 'RULES_BROKEN'
  | 'NO_APPROVAL'
  | 'HASH_DIFFERS'
  | 'PROOF_INVALID'
  | 'NOT_ITS_ATTEMPT';

export type Verdict = { ok: true; authority: Authority } | { ok: false; code: AuthorityCode; say: string };

/** `entries`: the whole record of the launch, read strongly consistent. `head`: as noted in the switch item, read before them; null: none was noted. */
export function authorityFor(
  launchId: string,
  shotId: string,
  entries: readonly Entry[],
  keyring: Keyring,
  head: { seq: number; hash: string } | null,
): Verdict {
  if (keyring.trusted === null) return no('RECORD_BROKEN', 'this process was not told whose keys to trust');
  const cut = headProblem(entries, head);
  if (cut !== null) return no('RECORD_BROKEN', cut);
  const approval = entries.find(
    (entry): entry is EntryOf<'FireApproved'> => entry.kind === 'FireApproved' && entry.shotId === shotId,
  );
  const broken: { rule: string | null } = { rule: null };
  const folded = foldVerified(launchId, null, entries, keyring, {
    // What comes after the approval can end its shot and can't take it back.
    judge: (before, entry) =>
      before === null || entry.seq > (approval?.seq ?? 0) ? null : (broken.rule = vouchProblem(before, entry, sha256)),
  });
  if (!folded.ok)
    return no(broken.rule === null ? 'RECORD_BROKEN' : 'RULES_BROKEN', `entry ${folded.seq}: ${folded.why}`);
  const { launch } = folded;
  if (launch === null) return no('RECORD_EMPTY', 'the launch has no record');
  if (launch.keys.length === 0)
    return no('RECORD_UNSIGNED', 'the record names no keys, so anybody could have written it');
  const shot = launch.shots[shotId];
  if (approval === undefined || shot === undefined)
    return no('NO_APPROVAL', `no approval of shot ${shotId} is in the record`);
  const request = entries.find(
    (entry): entry is EntryOf<'FireRequested'> =>
      entry.kind === 'FireRequested' && entry.orderId === approval.orderId && entry.seq < approval.seq,
  );
  if (request === undefined) return no('NO_APPROVAL', `shot ${shotId} was approved without a request`);
  const differs = shownProblem(shot, approval.shown);
  if (differs !== null) return no('HASH_DIFFERS', differs);
  const forged = entries.find((entry) => entry.kind === 'TakenOver' && !takeOverHolds(entry));
  if (forged !== undefined) return no('PROOF_INVALID', `entry ${forged.seq}: an operator's signature does not fit`);
  if (!proofHolds(request, '') || !proofHolds(approval, approval.orderId))
    return no('PROOF_INVALID', "an operator's signature does not fit");
  const stray = strayAttempt(launch, shot);
  if (stray !== undefined)
    return no('NOT_ITS_ATTEMPT', `attempt ${stray.attempt} of ${stray.segment} belongs to another shot`);
  return { ok: true, authority: { launch, shot, entries } };
}

function no(code: AuthorityCode, say: string): Verdict {
  return { ok: false, code, say };
}

/** What the worker will use is what was shown: campaign, audience and skip list as they stand in the shot. */
export function shownProblem(
  shot: Pick<Shot, 'campaign' | 'audience' | 'skipList'>,
  shown: Pick<Shown, 'contentHash' | 'audienceHash' | 'skipListHash'>,
): string | null {
  if (contentHash(shot.campaign, sha256) !== shown.contentHash) return 'the content is not what was shown';
  if (shot.audience.hash !== shown.audienceHash) return 'the audience is not what was shown';
  if (!covers(shot.skipList, shown.skipListHash)) return 'the skip list is not what was shown';
  return null;
}

/** An attempt of the shot that the launch counts as another shot's: its claims are the other's too. */
export function strayAttempt(
  { attempts }: Pick<Launch, 'attempts'>,
  { id, segments }: Pick<Shot, 'id' | 'segments'>,
): Shot['segments'][number] | undefined {
  return segments.find(
    ({ segment, attempt }) => attempts[segment]?.find((one) => one.attempt === attempt)?.shotId !== id,
  );
}

/** Both people's, as the first one's word did not go through the record. */
function takeOverHolds({ launchId, from, to, requestVia, via }: EntryOf<'TakenOver'>): boolean {
  const holds = (purpose: 'request' | 'approve', one: EntryOf<'TakenOver'>['via']) =>
    one.kind === 'operator' &&
    signatureHolds(takeOverText({ purpose, launchId, from, to, expiresAtMs: one.expiresAtMs, nonce: one.nonce }), {
      key: one.publicKey,
      signature: one.signature,
    });
  return holds('request', requestVia) && holds('approve', via);
}

/** Slack proved its presses to the bot, whose key vouches for them; an operator's key proves its own to us. Whose it is, and that it holds once and in time, is the core's rule (`viaProblem`). */
function proofHolds(entry: EntryOf<'FireRequested'> | EntryOf<'FireApproved'>, orderId: string): boolean {
  const { via, shown } = entry;
  if (via.kind === 'slack') return true;
  const text = proofText({
    purpose: orderId === '' ? 'request' : 'approve',
    launchId: entry.launchId,
    orderId,
    segments: shown.segments,
    shownHash: entry.shownHash,
    notAfterMs: shown.notAfterMs,
    expiresAtMs: via.expiresAtMs,
    nonce: via.nonce,
  });
  return signatureHolds(text, { key: via.publicKey, signature: via.signature });
}
