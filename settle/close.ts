import pLimit from 'p-limit';
import type { Manifest, ManifestBatch } from '../contract/manifest.ts';
import { claimKey } from '../contract/orders.ts';
import type { Claim } from '../infra/aws/claim-item.ts';
import type { ClaimStore } from '../infra/aws/claim-store.ts';
import type { Journal } from '../infra/aws/journal.ts';
import type { LiveStore } from '../infra/aws/live-store.ts';
import { readManifest } from '../infra/aws/manifest-store.ts';
import type { Objects } from '../infra/aws/objects.ts';
import { timesOf } from '../runbooks/launch/counts.ts';
import type { AudienceRef, Entry, SegmentTotals } from '../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../runbooks/launch/launch.ts';
import { totalsOf } from './account-codec.ts';
import { attemptSets } from './attempt-set.ts';
import { counted, leaseEndMs, uncovered, wordOf } from './batch-words.ts';
import type { SetReader } from './frozen-sets.ts';
import { lostClaims } from './lost-claims.ts';
import type { Part } from './part.ts';

/**
 * Every shot closes. Any worker, and the conductor, may run this at any time: it closes what is due, and the
 * shot itself once each of its batches is final. Batches are final when accounted for by their holder, or closed
 * here: unclaimed ones as halted or late, claimed ones without an account as uncertain. All writes are
 * conditional, so any number of closers come to the same end.
 */
export interface CloseDeps {
  claims: ClaimStore;
  journal: Pick<Journal, 'launch' | 'entries' | 'append' | 'keyring'>;
  manifestOf: (audience: AudienceRef) => Promise<Manifest>;
  setOf: SetReader;
  /** What workers say that they have had answered: more than there are claims for, and what has no claim is uncertain. Absent: not asked. */
  live?: Pick<LiveStore, 'signedReports'>;
}

export type CloseResult =
  | { state: 'closed'; /** True: this call wrote the close. */ byUs: boolean }
  | { state: 'open'; /** At least so many batches are not final. */ left: number }
  | { state: 'refused'; code: string; say: string };

/** Workers hear of a halt within a second or pause by themselves (0.8 s); after this nobody claims any more. Unclaimed batches need no longer wait. */
export const HALT_SETTLES_MS = 2_000;
/** After the earliest that the store's time may be; a claim at the last moment wins against the closer anyway. */
export const NOT_AFTER_GRACE_MS = 2_000;
/** An answer may take 10 s after the last write (the lane's deadline), the account a little more. */
export const ACCOUNT_GRACE_MS = 12_000;

const READ_AT_ONCE = 1_000;
const CLOSE_AT_ONCE = 32;

/** What one closer has seen of a shot, so that it need not read final batches again. */
export class CloseMemo {
  parts: Part[] | null = null;
  readonly final = new Set<string>();
  /** When it was last walked to be closed, by this process's monotonic clock. */
  walkedAtMs = Number.NEGATIVE_INFINITY;
}

/** Errors: those of the stores. Refusals of the launch core other than "closed already" come back as `refused`. */
export async function closeShot(
  deps: CloseDeps,
  options: { launchId: string; shotId: string; nowMs: number; memo?: CloseMemo },
): Promise<CloseResult> {
  const { launchId, shotId, nowMs, memo = new CloseMemo() } = options;
  const launch = await deps.journal.launch(launchId);
  const shot = launch?.shots[shotId];
  if (launch === null || shot === undefined)
    return { state: 'refused', code: 'SHOT_UNKNOWN', say: `there is no shot ${shotId}` };
  if (shot.closed !== null) return { state: 'closed', byUs: false };

  memo.parts ??= await partsOf(deps, launch, shot);
  const { parts } = memo;
  let lost: Promise<boolean> | null = null;
  const areLost = () =>
    (lost ??=
      deps.live === undefined
        ? Promise.resolve(false)
        : lostClaims({ claims: deps.claims, live: deps.live }, launch, {
            trusted: deps.journal.keyring.trusted,
            shotId,
            parts,
          }).then((found) => found !== null));
  let left = 0;
  for (const part of parts) {
    left += await settlePart(deps.claims, part, shot, nowMs, memo, areLost);
    if (left > 0 && !isDue(parts, shot, nowMs)) return { state: 'open', left };
  }
  if (left > 0) return { state: 'open', left };

  const segments = await totalsFrom(deps.claims, parts);
  const late = segments.some(({ totals }) => totals.late > 0);
  const overMs = Math.max(...platformsOf(shot).map((platform) => shot.notAfterAtMs[platform]));
  const cause = shot.haltedAtMs !== null ? 'halt' : late && nowMs >= overMs ? 'not-after' : 'complete';
  const submitted = await deps.journal.append(launchId, { kind: 'close-shot', shotId, cause, segments });
  if (submitted.ok) return { state: 'closed', byUs: true };
  return submitted.code === 'SHOT_CLOSED'
    ? { state: 'closed', byUs: false }
    : { state: 'refused', code: submitted.code, say: submitted.say };
}

function platformsOf(shot: Shot) {
  return shot.segments.flatMap(
    ({ segment }) => shot.audience.segments.find(({ id }) => id === segment)?.platform ?? [],
  );
}

function isDue(parts: readonly Part[], shot: Shot, nowMs: number): boolean {
  return parts.some((part) => part.unclaimed(shot, nowMs) !== null);
}

/** Once per shot: what it is made of stays as it is. */
export async function partsOf(
  { claims, journal, manifestOf, setOf }: CloseDeps,
  launch: Launch,
  shot: Shot,
): Promise<Part[]> {
  const manifest = await manifestOf(shot.audience);
  const entries: readonly Entry[] = shot.segments.some(({ attempt }) => attempt > 1)
    ? await journal.entries(launch.id)
    : [];
  return Promise.all(
    shot.segments.map(async ({ segment, attempt }) => {
      const found = manifest.segments.find(({ id }) => id === segment);
      if (found === undefined) throw new Error(`SEGMENT_NOT_IN_MANIFEST: ${segment} of shot ${shot.id}`);
      const setsOf = (batches: readonly ManifestBatch[]) =>
        attemptSets({ claims, setOf }, { launch, shot, entries }, segment, attempt, batches);
      const sets = await setsOf(found.batches);
      const batches = found.batches.flatMap(({ id, count, variant = null }) => {
        const set = sets.get(id);
        return set === undefined || set.size === 0
          ? []
          : [{ id, key: claimKey(launch.id, segment, attempt, id), set, count, variant }];
      });
      return {
        segment,
        attempt,
        variants: (manifest.split?.variants ?? [])
          .map(({ id }) => id)
          .filter((id) => timesOf(found.variants ?? {}, id) > 0),
        platform: found.platform,
        notAfterMs: shot.notAfterAtMs[found.platform],
        batches,
        setNow: async (batch) =>
          (attempt === 1 ? sets : await setsOf(found.batches.filter(({ id }) => id === batch))).get(batch),
        unclaimed(now: Shot, nowMs: number) {
          if (now.haltedAtMs !== null) return nowMs >= now.haltedAtMs + HALT_SETTLES_MS ? ('halted' as const) : null;
          return nowMs >= now.notAfterAtMs[found.platform] + NOT_AFTER_GRACE_MS ? ('late' as const) : null;
        },
      };
    }),
  );
}

/** Closes what is due in one segment; how many batches are not final yet (at least: it stops early while nothing is due). */
async function settlePart(
  claims: ClaimStore,
  part: Part,
  shot: Shot,
  nowMs: number,
  memo: CloseMemo,
  areLost: () => Promise<boolean>,
): Promise<number> {
  const unclaimed = part.unclaimed(shot, nowMs);
  const open = part.batches.filter(({ key }) => !memo.final.has(key));
  const limit = pLimit(CLOSE_AT_ONCE);
  let left = 0;
  for (let from = 0; from < open.length; from += READ_AT_ONCE) {
    const some = open.slice(from, from + READ_AT_ONCE);
    const found = await claims.read(
      some.map(({ key }) => key),
      unclaimed !== null,
    );
    await Promise.all(
      some.map((batch) =>
        limit(async () => {
          const { key } = batch;
          if (await settleBatch(claims, part, batch, found.get(key), unclaimed, nowMs, areLost)) memo.final.add(key);
          else left += 1;
        }),
      ),
    );
    if (left > 0 && unclaimed === null) return left;
  }
  return left;
}

/** True: the batch is final. */
async function settleBatch(
  claims: ClaimStore,
  part: Part,
  { id, key, set }: Part['batches'][number],
  claim: Claim | undefined,
  due: 'halted' | 'late' | null,
  nowMs: number,
  areLost: () => Promise<boolean>,
): Promise<boolean> {
  if (claim?.state === 'accounted' || claim?.state === 'closed') return true;
  if (claim?.state === 'claimed') {
    if (nowMs < leaseEndMs(claim, part.notAfterMs) + ACCOUNT_GRACE_MS) return false;
    // What the lease did not cover is another worker's to send, as long as there is time.
    if (due === null && uncovered(claim, set).length > 0) return false;
  } else if (due === null) return false;
  // Nobody knows whether it was sent, if it had a claim that is gone.
  const beyond = claim === undefined && (await areLost()) ? 'uncertain' : (due ?? 'late');
  const closed = await claims.close(key, wordOf(claim, (await part.setNow(id)) ?? set, beyond), claim ?? null);
  // Somebody was faster: a sender, whose account we wait for, or another closer.
  return closed.won || closed.claim.state === 'accounted' || closed.claim.state === 'closed';
}

async function totalsFrom(claims: ClaimStore, parts: readonly Part[]): Promise<SegmentTotals[]> {
  return Promise.all(
    parts.map(async ({ segment, attempt, batches, variants }) => {
      const found = await claims.read(
        batches.map(({ key }) => key),
        true,
      );
      const accounts = batches.flatMap(({ key, count, variant }) => {
        const claim = found.get(key);
        if (claim?.state !== 'accounted' && claim?.state !== 'closed')
          throw new Error(`CLAIM_NOT_FINAL: ${key} was final and has no account`);
        return counted(claim).map((account) => ({ ...account, count, variant }));
      });
      const apart = variants.map((variant) => ({
        variant,
        ...totalsOf(accounts.filter((account) => account.variant === variant)),
      }));
      return { segment, attempt, ...totalsOf(accounts), ...(apart.length === 0 ? {} : { variants: apart }) };
    }),
  );
}

/** Reads manifests from object storage, each once. */
export function manifestReader(objects: Objects): (audience: AudienceRef) => Promise<Manifest> {
  const known = new Map<string, Promise<Manifest>>();
  return (audience) => {
    let manifest = known.get(audience.hash);
    if (manifest === undefined) {
      manifest = readManifest(objects, audience.manifestKey);
      known.set(audience.hash, manifest);
      manifest.catch(() => known.delete(audience.hash));
    }
    return manifest;
  };
}
