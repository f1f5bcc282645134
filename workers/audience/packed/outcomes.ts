import { csvOf } from '../../../contract/csv.ts';
import { claimKey } from '../../../contract/orders.ts';
import type { Claim } from '../../../infra/aws/claim-item.ts';
import type { ClaimStore } from '../../../infra/aws/claim-store.ts';
import { readManifest } from '../../../infra/aws/manifest-store.ts';
import type { Objects } from '../../../infra/aws/objects.ts';
import { badTokenReasons } from '../../../runbooks/launch/bad-tokens.ts';
import { addCount, noCounts } from '../../../runbooks/launch/counts.ts';
import type { AudienceRef, ShotOutcomes, TextOutcome } from '../../../runbooks/launch/entries.ts';
import type { Shot } from '../../../runbooks/launch/launch.ts';
import { stateOf } from '../../../settle/account-codec.ts';
import { newestStates, words } from '../../../settle/batch-words.ts';
import { goneTimesIn } from '../../../settle/gone-times.ts';
import { partsByShard } from './bad-tokens.ts';
import { loadShard } from './load.ts';
import { shardPeople } from './shard-people.ts';

/**
 * What became of every device, by segment and text, and which tokens were refused for good: from the shards, which know the languages, and the accounts
 * in the claims table, which know the states. Sending counts neither: a batch holds devices of several languages.
 */

export interface OutcomesOptions {
  objects: Objects;
  claims: Pick<ClaimStore, 'read'>;
  launchId: string;
  audience: AudienceRef;
  /** Closed ones. */
  shots: readonly Shot[];
  /** Epoch ms: what is said to have been later was not. */
  nowMs: number;
  /** After every shard. */
  progress?: (shardsDone: number, shardsTotal: number) => void;
}

/**
 * One that a provider named bad. `reason`: of all in its batch that were; several, joined by a bar, where it is not known which of them is its.
 * `goneAtMs`: when the provider confirmed that it was no longer valid, to the second; null: it did not say, or the account does not have it.
 */
export interface RefusedToken {
  shotId: string;
  platform: string;
  token: string;
  user: string;
  reason: string;
  goneAtMs: number | null;
}

interface Outcomes {
  shots: ShotOutcomes[];
  refused: RefusedToken[];
  /** Of so many refused tokens an account may have left out since when they are gone. */
  leftOut: number;
}

/** One shard at a time: memory holds one. Rejects with what reading manifest, shards and claims does. */
export async function countOutcomes({
  objects,
  claims,
  launchId,
  audience,
  shots,
  nowMs,
  progress,
}: OutcomesOptions): Promise<Outcomes> {
  const manifest = await readManifest(objects, audience.manifestKey);
  const parts = partsByShard(manifest);
  const counts = new Map(shots.map(({ id }) => [id, new Map<string, TextOutcome>()]));
  const refused: RefusedToken[] = [];
  let leftOut = 0;
  for (const [index, about] of manifest.shards.entries()) {
    const shard = await loadShard(objects, audience.manifestKey, manifest, about);
    const people = await shardPeople(objects, audience.manifestKey, about);
    for (const { segment, batch, start, count } of parts.get(about.id) ?? []) {
      const tries = shots.flatMap(({ id, segments }) =>
        segments
          .filter((one) => one.segment === segment)
          .map(({ attempt }) => ({ shotId: id, key: claimKey(launchId, segment, attempt, batch) })),
      );
      const standing = await claims.read(
        tries.map(({ key }) => key),
        true,
      );
      for (const { shotId, key } of tries) {
        const claim = standing.get(key);
        const said = claim === undefined ? NOTHING : saidOfTokens(claim, count, nowMs);
        leftOut += said.leftOut;
        for (const [at, code] of newestStates(claim, count).entries()) {
          const state = stateOf(code);
          if (state === 'absent') continue;
          const device = start + at;
          const text = manifest.locales[shard.localeAt(device)] ?? '';
          addTo(counts.get(shotId), { segment, text }, state === 'bad-token' ? 'failed' : state);
          if (state !== 'bad-token') continue;
          refused.push({
            shotId,
            platform: about.platform,
            token: shard.tokenAt(device),
            user: people[device] ?? '',
            reason: said.reasons,
            goneAtMs: said.goneAtMs.get(at) ?? null,
          });
        }
      }
    }
    progress?.(index + 1, manifest.shards.length);
  }
  return { shots: shots.map((shot) => outcomesOf(shot, [...(counts.get(shot.id)?.values() ?? [])])), refused, leftOut };
}

const NOTHING: ReturnType<typeof saidOfTokens> = { reasons: '', goneAtMs: new Map(), leftOut: 0 };

const saidOfTokens = (claim: Claim, count: number, nowMs: number) => ({
  reasons: badReasons(words(claim)),
  ...goneTimesIn(claim, count, nowMs),
});

function addTo(
  of: Map<string, TextOutcome> | undefined,
  { segment, text }: Omit<TextOutcome, 'states'>,
  state: string,
) {
  const name = `${segment}\n${text}`;
  const outcome = of?.get(name) ?? { segment, text, states: noCounts() };
  addCount(outcome.states, state, 1);
  of?.set(name, outcome);
}

function outcomesOf({ id, totals }: Shot, texts: TextOutcome[]): ShotOutcomes {
  const devices = (totals ?? []).reduce((sum, one) => sum + one.devices, 0);
  const counted = texts.flatMap(({ states }) => Object.values(states)).reduce((sum, one) => sum + one, 0);
  return { shotId: id, texts, untold: devices - counted };
}

/** An account counts reasons for its batch, and marks the devices. */
const badReasons = (said: ReturnType<typeof words>): string =>
  [
    ...new Set(
      said.flatMap(({ account, closedAccount }) =>
        badTokenReasons((account ?? closedAccount)?.reasons ?? {}).map(([reason]) => reason),
      ),
    ),
  ]
    .toSorted()
    .join('|');

const HEAD = ['platform', 'token', 'user', 'reason', 'shot', 'unregistered_at'];

export const refusedCsv = (refused: readonly RefusedToken[]): string => csvOf([HEAD, ...refused.map(cellsOf)]);

const cellsOf = ({ platform, token, user, reason, shotId, goneAtMs }: RefusedToken): string[] => [
  platform,
  token,
  user,
  reason,
  shotId,
  goneAtMs === null ? '' : new Date(goneAtMs).toISOString().replace('.000Z', 'Z'),
];
