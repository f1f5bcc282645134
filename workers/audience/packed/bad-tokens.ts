import { AudienceError } from '../../../contract/audience-error.ts';
import type { Manifest } from '../../../contract/manifest.ts';
import { claimKey } from '../../../contract/orders.ts';
import type { ClaimStore } from '../../../infra/aws/claim-store.ts';
import { readManifest } from '../../../infra/aws/manifest-store.ts';
import type { Objects } from '../../../infra/aws/objects.ts';
import { badTokenCount, badTokenReasons } from '../../../runbooks/launch/bad-tokens.ts';
import type { AudienceRef, Platform } from '../../../runbooks/launch/entries.ts';
import type { Shot } from '../../../runbooks/launch/launch.ts';
import { stateCode, unpackStates } from '../../../settle/account-codec.ts';
import { loadShard } from './load.ts';
import type { Shard } from './shard.ts';
import { SkipList } from './skip-list.ts';

/** What was found on one platform, in devices. */
export interface BadTokensFound {
  /** Accepted, or failed for whatever reason. */
  answered: number;
  /** Of those: the provider named the token bad. */
  bad: number;
  reasons: Record<string, number>;
  /** Named bad in accounts of an older version, which don't say which tokens those were. */
  nameless: number;
  /** Not sent to, being on the skip list of their shot: known bad before. */
  skipped: number;
  /** Devices of closed shots whose accounts are not there any more. */
  missing: number;
}

export interface BadTokensOptions {
  objects: Objects;
  claims: ClaimStore;
  launchId: string;
  /** All shots of a launch have one audience: it can't be replaced once a part of it was fired. */
  audience: AudienceRef;
  /** Closed ones. */
  shots: readonly Shot[];
  /** Filled in as the walk goes on. */
  found: Record<Platform, BadTokensFound>;
  /** After every shard. */
  progress?: (shardsDone: number, shardsTotal: number) => void;
}

export function nothingFound(): Record<Platform, BadTokensFound> {
  const none = () => ({ answered: 0, bad: 0, reasons: {}, nameless: 0, skipped: 0, missing: 0 });
  return { ios: none(), android: none() };
}

interface Part {
  segment: string;
  batch: string;
  start: number;
  count: number;
}
/** What became of a batch in one attempt: a state per device, and the skip list of the shot. */
interface Tried {
  states: Uint8Array;
  reasons: Readonly<Record<string, number>>;
  skipList: SkipList | null;
}

const BAD = stateCode('bad-token');
const SKIPPED = stateCode('skipped');
const ANSWERED = new Set([stateCode('accepted'), stateCode('failed'), BAD]);

/**
 * Tokens that providers named bad in these shots, and those that the shots' skip lists kept from being sent to: all that the
 * next launch should leave out. Lines for a file, each token once, some at a time: memory holds one shard. Throws
 * MANIFEST_MISSING, MANIFEST_INVALID, SHARD_MISSING, SHARD_CORRUPT, SKIP_LIST_CORRUPT, and errors of the stores.
 */
export async function* badTokens(options: BadTokensOptions): AsyncGenerator<string> {
  const { objects, claims, launchId, audience, shots, found, progress } = options;
  const manifest = await readManifest(objects, audience.manifestKey);
  const parts = partsByShard(manifest);
  const skipLists = await readSkipLists(objects, shots);
  countExpected(manifest, shots, found);
  for (const [index, about] of manifest.shards.entries()) {
    const batches = (parts.get(about.id) ?? []).map((part) => ({ part, attempts: attemptsOf(part, launchId, shots) }));
    const standing = await claims.read(
      batches.flatMap(({ attempts }) => attempts.map(({ key }) => key)),
      true,
    );
    let shard: Shard | null = null;
    for (const { part, attempts } of batches) {
      const tried = attempts.flatMap(({ key, skipListKey }): Tried[] => {
        const account = standing.get(key)?.account;
        return account == null
          ? []
          : [
              {
                states: unpackStates(account.states, part.count),
                reasons: account.reasons,
                skipList: skipLists.get(skipListKey) ?? null,
              },
            ];
      });
      for (const one of tried) tally(found[about.platform], one);
      if (
        !tried.some(({ states, skipList }) => states.includes(BAD) || (skipList !== null && states.includes(SKIPPED)))
      )
        continue;
      shard ??= await loadShard(objects, audience.manifestKey, manifest, about);
      yield linesOf(shard, part, tried, found[about.platform]);
    }
    progress?.(index + 1, manifest.shards.length);
  }
}

function linesOf(shard: Shard, { start, count }: Part, tried: readonly Tried[], of: BadTokensFound): string {
  let lines = '';
  for (let device = 0; device < count; device++) {
    const isBad = tried.some(({ states }) => states[device] === BAD);
    // A skipped one may also be somebody who was answered late in the attempt before (attempt-set.ts).
    const isListed =
      !isBad &&
      tried.some(
        ({ states, skipList }) => states[device] === SKIPPED && skipList?.has(shard.stored(start + device)) === true,
      );
    if (isListed) of.skipped += 1;
    if (isBad || isListed) lines += `${shard.tokenAt(start + device)}\n`;
  }
  return lines;
}

/** Batches, by the shard that they are ranges of. */
export function partsByShard(manifest: Manifest): Map<string, Part[]> {
  const parts = new Map<string, Part[]>(manifest.shards.map(({ id }) => [id, []]));
  for (const segment of manifest.segments) {
    for (const { id, shard, start, count } of segment.batches)
      parts.get(shard)?.push({ segment: segment.id, batch: id, start, count });
  }
  return parts;
}

function attemptsOf(
  { segment, batch }: Part,
  launchId: string,
  shots: readonly Shot[],
): { key: string; skipListKey: string }[] {
  return shots.flatMap(({ segments, skipList }) =>
    segments
      .filter((one) => one.segment === segment)
      .map(({ attempt }) => ({ key: claimKey(launchId, segment, attempt, batch), skipListKey: skipList?.key ?? '' })),
  );
}

async function readSkipLists(objects: Objects, shots: readonly Shot[]): Promise<Map<string, SkipList>> {
  const lists = new Map<string, SkipList>();
  for (const key of new Set(shots.flatMap(({ skipList }) => skipList?.key ?? []))) {
    const packed = await objects.get(key);
    if (packed === null)
      throw new AudienceError('SKIP_LIST_CORRUPT', `${key}: found no such object, expected the skip list of a shot`);
    lists.set(key, new SkipList(packed));
  }
  return lists;
}

/** Whatever of it is then not seen is missing. */
function countExpected(manifest: Manifest, shots: readonly Shot[], found: BadTokensOptions['found']): void {
  const platformOf = new Map(manifest.segments.map(({ id, platform }) => [id, platform]));
  for (const { segment, devices } of shots.flatMap(({ totals }) => totals ?? [])) {
    const platform = platformOf.get(segment);
    if (platform !== undefined) found[platform].missing += devices;
  }
}

function tally(of: BadTokensFound, { states, reasons }: Tried): void {
  let bad = 0;
  for (const code of states) {
    if (code !== stateCode('absent')) of.missing -= 1;
    if (ANSWERED.has(code)) of.answered += 1;
    if (code === BAD) bad += 1;
  }
  of.bad += bad;
  // One version wrote the whole account: either all of them are marked or none is.
  if (bad === 0) of.nameless += badTokenCount(reasons);
  else for (const [reason, times] of badTokenReasons(reasons)) of.reasons[reason] = (of.reasons[reason] ?? 0) + times;
}
