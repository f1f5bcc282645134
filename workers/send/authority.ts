import { createPublicKey, verify as verifySignature } from 'node:crypto';
import type { Entry, EntryOf, PersonId, Shown, Via } from '../../runbooks/launch/entries.ts';
import { PLATFORMS } from '../../runbooks/launch/entries.ts';
import { mayFire } from '../../runbooks/launch/authority.ts';
import { fold } from '../../runbooks/launch/evolve.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { findPerson, viaProblem } from '../../runbooks/launch/people.ts';
import { proofText } from '../../runbooks/launch/proof.ts';
import { contentHash, shownHash } from '../../runbooks/launch/shown.ts';
import { verifyChain } from '../../infra/aws/seal.ts';
import { sha256 } from '../../infra/aws/sha256.ts';

/**
 * Wake-ups carry no authority: whoever can write to a queue still can't fire. What may be sent follows from the
 * record alone, and it is checked here anew, without trust in whatever wrote the entries.
 */
export interface Authority { launch: Launch; shot: Shot; entries: readonly Entry[] }

export type AuthorityCode =
  | 'RECORD_EMPTY' | 'RECORD_BROKEN' | 'NO_APPROVAL' | 'NO_REQUEST' | 'HASH_DIFFERS' | 'SAME_PERSON' | 'AFTER_EXPIRY' | 'PROOF_INVALID' | 'NOT_ITS_ATTEMPT';

export type Verdict = { ok: true; authority: Authority } | { ok: false; code: AuthorityCode; say: string };

/** `entries`: the whole record of the launch, read strongly consistent. */
export function authorityFor(launchId: string, shotId: string, entries: readonly Entry[]): Verdict {
  const chain = verifyChain(launchId, { seq: 0, hash: '' }, entries);
  if (!chain.ok) return no('RECORD_BROKEN', `entry ${chain.seq}: ${chain.why}`);
  const folded = foldAll(entries);
  if ('impossible' in folded) return no('RECORD_BROKEN', folded.impossible);
  const { launch } = folded;
  if (launch === null) return no('RECORD_EMPTY', 'the launch has no record');
  const approval = entries.find((entry): entry is EntryOf<'FireApproved'> => entry.kind === 'FireApproved' && entry.shotId === shotId);
  const shot = launch.shots[shotId];
  if (approval === undefined || shot === undefined) return no('NO_APPROVAL', `no approval of shot ${shotId} is in the record`);
  const request = entries.find((entry): entry is EntryOf<'FireRequested'> => entry.kind === 'FireRequested' && entry.orderId === approval.orderId && entry.seq < approval.seq);
  if (request === undefined) return no('NO_REQUEST', `shot ${shotId} was approved without a request`);

  if (approval.shownHash !== request.shownHash) return no('HASH_DIFFERS', 'what was approved is not what was asked for');
  const differs = hashProblem(shot, approval.shown, approval.shownHash);
  if (differs !== null) return no('HASH_DIFFERS', differs);
  if (personBehind(request) === null || personBehind(request) === personBehind(approval)) return no('SAME_PERSON', 'one person both asked and approved');
  if (approval.pressedAtMs > request.expiresAtMs || approval.atMs > request.expiresAtMs) return no('AFTER_EXPIRY', 'approved after the order had ended');
  const longer = windowProblem(approval);
  if (longer !== null) return no('HASH_DIFFERS', longer);

  const proof = proofProblem(entries, request, '') ?? proofProblem(entries, approval, approval.orderId);
  if (proof !== null) return no('PROOF_INVALID', proof);
  const stray = shot.segments.find(({ segment, attempt }) => launch.attempts[segment]?.find((one) => one.attempt === attempt)?.shotId !== shotId);
  if (stray !== undefined) return no('NOT_ITS_ATTEMPT', `attempt ${stray.attempt} of ${stray.segment} belongs to another shot`);
  return { ok: true, authority: { launch, shot, entries } };
}

/** Entries that are chained well can still tell a story that can't have happened. */
function foldAll(entries: readonly Entry[]): { launch: Launch | null } | { impossible: string } {
  try {
    return { launch: fold(entries) };
  } catch (error) {
    return { impossible: error instanceof Error ? error.message : String(error) };
  }
}

function no(code: AuthorityCode, say: string): Verdict {
  return { ok: false, code, say };
}

function personBehind({ by }: Entry): PersonId | null {
  return 'person' in by ? by.person : null;
}

/** The order's hash binds campaign, audience and skip list as the worker will use them. */
function hashProblem(shot: Shot, shown: Shown, hash: string): string | null {
  if (shownHash(shown, sha256) !== hash) return 'the hash is not over what was shown';
  if (contentHash(shot.campaign, sha256) !== shown.contentHash) return 'the content is not what was shown';
  if (shot.audience.hash !== shown.audienceHash) return 'the audience is not what was shown';
  if ((shot.skipList?.hash ?? null) !== shown.skipListHash) return 'the skip list is not what was shown';
  return null;
}

/** How long it may be sent follows from the press and from what was shown, not from the approval's own word. */
function windowProblem({ notAfterAtMs, pressedAtMs, shown }: EntryOf<'FireApproved'>): string | null {
  const longer = PLATFORMS.find((platform) => notAfterAtMs[platform] !== pressedAtMs + shown.notAfterMs[platform]);
  return longer === undefined ? null : `the time limit of ${longer} is not what was shown`;
}

/**
 * Slack proved its presses to the bot; an operator's key proves them to us. The rest is the core's own rule (`viaProblem`),
 * on the roster and the nonces of that moment: a later entry that repeats a nonce must not take back what was approved.
 */
function proofProblem(entries: readonly Entry[], entry: EntryOf<'FireRequested'> | EntryOf<'FireApproved'>, orderId: string): string | null {
  const { via, shown } = entry;
  const before = fold(entries.filter(({ seq }) => seq < entry.seq));
  const person = before === null ? undefined : findPerson(before.people, personBehind(entry) ?? '');
  if (before === null || person === undefined) return 'its person is not on the roster';
  if (!mayFire(person)) return 'this person is not on duty';
  const problem = viaProblem(before, person.id, via, entry.atMs);
  if (problem !== null) return problem.say;
  if (via.kind === 'slack') return null;
  const text = proofText({
    purpose: orderId === '' ? 'request' : 'approve', launchId: entry.launchId, orderId, segments: shown.segments,
    shownHash: entry.shownHash, notAfterMs: shown.notAfterMs, expiresAtMs: via.expiresAtMs, nonce: via.nonce,
  });
  return signatureHolds(text, via) ? null : 'the signature does not fit';
}

function signatureHolds(text: string, via: Extract<Via, { kind: 'operator' }>): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(via.publicKey, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ed25519' && verifySignature(null, Buffer.from(text, 'utf8'), key, Buffer.from(via.signature, 'base64'));
  } catch {
    // A key or signature that can't even be read proves nothing.
    return false;
  }
}
