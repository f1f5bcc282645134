import type { Manifest } from '../../../contract/manifest.ts';
import { claimKey } from '../../../contract/orders.ts';
import type { ClaimStore } from '../../../infra/aws/claim-store.ts';
import type { Objects } from '../../../infra/aws/objects.ts';
import type { Platform } from '../../../runbooks/launch/entries.ts';
import type { Shot } from '../../../runbooks/launch/launch.ts';
import { stateOf } from '../../../settle/account-codec.ts';
import type { AttemptState } from '../../../settle/account-codec.ts';
import { newestStates, words } from '../../../settle/batch-words.ts';
import { loadShard } from './load.ts';
import { shardPeople } from './shard-people.ts';
import type { Shard } from './shard.ts';

/** Where devices of one person, or one with this token, stand in an audience, and what became of them. */

/** One device. Its token is not in it. */
export interface FoundDevice {
  platform: Platform;
  segment: string;
  /** Of the segment's batches, and its place there. */
  batch: { id: string; count: number };
  at: number;
  /** As it was compiled: a locale, and a variant where there are some. */
  text: string;
  by: 'user' | 'token';
}

/** What became of it in one shot. `gone`: the shot is closed, and the claims table has no account of it any more. */
export interface Fate {
  shot: Shot;
  attempt: number;
  state: AttemptState | 'gone' | 'open';
  /** Reasons of all failures of its batch: accounts say of one device only that it failed. */
  reasons: Readonly<Record<string, number>>;
}

/** As lists of ids are compared (lists/match-lists.ts): without case and Unicode form. */
export const folded = (id: string): string =>
  id.trim().normalize('NFC').toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ');

/** Reads every shard, one at a time: memory holds one. Rejects with SHARD_MISSING, SHARD_CORRUPT. */
export async function findDevices(
  objects: Objects,
  manifestKey: string,
  manifest: Manifest,
  word: string,
): Promise<FoundDevice[]> {
  const user = folded(word);
  const token = word.trim();
  const found: FoundDevice[] = [];
  for (const about of manifest.shards) {
    const people = await shardPeople(objects, manifestKey, about);
    const shard = await loadShard(objects, manifestKey, manifest, about);
    const wanted = about.platform === 'ios' ? token.toLowerCase() : token;
    for (const [index, person] of people.entries()) {
      const by = folded(person) === user ? 'user' : shard.tokenAt(index) === wanted ? 'token' : null;
      if (by !== null) found.push(...placesOf(manifest, about.id, shard, index, by));
    }
  }
  return found;
}

function placesOf(
  manifest: Manifest,
  shardId: string,
  shard: Shard,
  index: number,
  by: FoundDevice['by'],
): FoundDevice[] {
  return manifest.segments.flatMap(({ id: segment, platform, batches }) =>
    batches
      .filter(({ shard: of, start, count }) => of === shardId && index >= start && index < start + count)
      .map(({ id, start, count }) => ({
        platform,
        segment,
        batch: { id, count },
        at: index - start,
        text: manifest.locales[shard.localeAt(index)] ?? '',
        by,
      })),
  );
}

/** What each shot that its segment was in made of it, in order. */
export async function fatesOf(
  claims: Pick<ClaimStore, 'read'>,
  launchId: string,
  shots: readonly Shot[],
  { segment, batch, at }: FoundDevice,
): Promise<Fate[]> {
  const tries = shots.flatMap((shot) =>
    shot.segments
      .filter((one) => one.segment === segment)
      .map(({ attempt }) => ({ shot, attempt, key: claimKey(launchId, segment, attempt, batch.id) })),
  );
  const standing = await claims.read(
    tries.map(({ key }) => key),
    true,
  );
  let before: AttemptState | null = null;
  return tries.map(({ shot, attempt, key }): Fate => {
    const claim = standing.get(key);
    const reasons: Record<string, number> = {};
    for (const { account, closedAccount } of claim === undefined ? [] : words(claim))
      for (const [reason, times] of Object.entries((account ?? closedAccount)?.reasons ?? {}))
        reasons[reason] = (reasons[reason] ?? 0) + times;
    const isKnown = claim !== undefined && words(claim).length > 0;
    const state = isKnown ? stateOf(newestStates(claim, batch.count)[at] ?? 0) : withoutAccount(shot, before);
    if (state !== 'absent' && state !== 'open' && state !== 'gone') before = state;
    return { shot, attempt, reasons, state };
  });
}

/** Whoever an attempt before has settled is not part of a later one, and a batch of which nobody is left has no account there (settle/frozen-sets.ts). */
function withoutAccount({ closed }: Shot, before: AttemptState | null): 'absent' | 'gone' | 'open' {
  if (before !== null && SETTLED.has(before)) return 'absent';
  return closed === null ? 'open' : 'gone';
}

/** By every runbook: some let those that are uncertain be sent to again. */
const SETTLED: ReadonlySet<AttemptState> = new Set(['accepted', 'bad-token', 'skipped']);
