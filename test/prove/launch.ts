import type { Manifest } from '../../contract/manifest.ts';
import { sha256 } from '../../infra/aws/sha256.ts';
import type { Command, Decision } from '../../runbooks/launch/commands.ts';
import { decide } from '../../runbooks/launch/decide.ts';
import type { AudienceRef, Entry } from '../../runbooks/launch/entries.ts';
import { evolve } from '../../runbooks/launch/evolve.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { attemptSets } from '../../settle/attempt-set.ts';
import { freezeSets, setReader } from '../../settle/frozen-sets.ts';
import type { AttemptSet } from '../../settle/members.ts';
import type { BatchView } from '../../workers/audience/packed/loaded-audience.ts';
import { authorityFor } from '../../workers/send/authority.ts';
import type { Authority } from '../../workers/send/authority.ts';
import { measuredAt, LAUNCH_ID, people, sampleRunbook, slackVia } from '../properties/scene.ts';
import { T0_MS, LEASE_MS } from './config.ts';
import type { Bounds } from './config.ts';
import { claimsFor, Directly, keyringOf, seal } from './stores.ts';
import type { Stored } from './stores.ts';

/** The launch that is searched: one segment, small batches, Ana who asks and Mia who presses. */

export const SEGMENT = 'us-ios';

export function batchesOf({ batches, devicesPerBatch }: Bounds) {
  return Array.from({ length: batches }, (_, at) => ({ id: `b${at + 1}`, count: devicesPerBatch }));
}

function audienceOf(bounds: Bounds): AudienceRef {
  const devices = bounds.batches * bounds.devicesPerBatch;
  return {
    hash: 'a'.repeat(64),
    manifestKey: 'manifest.json',
    devices,
    segments: [{ id: SEGMENT, platform: 'ios', devices, batches: bounds.batches }],
    locales: { en: devices },
  };
}

export function manifestOf(bounds: Bounds): Manifest {
  const { hash, devices } = audienceOf(bounds);
  const batches = batchesOf(bounds).map(({ id, count }, at) => ({ id, shard: 's', start: at * count, count }));
  return {
    v: 1,
    hash,
    devices,
    batchSize: bounds.devicesPerBatch,
    locales: ['en'],
    localeCounts: { en: devices },
    shards: [],
    segments: [{ id: SEGMENT, platform: 'ios', devices, batches }],
  };
}

/** A device is called by its batch and its place there. */
export const deviceName = (batch: string, index: number) => `${batch}:${index + 1}`;

export function viewOf(bounds: Bounds, batch: string): BatchView {
  return {
    id: batch,
    platform: 'ios',
    segment: SEGMENT,
    count: bounds.devicesPerBatch,
    variant: null,
    token: (index) => deviceName(batch, index),
    tokenBytes: () => 0,
    locale: () => 0,
    skipped: () => false,
  };
}

/** The record before the search begins: a launch with its audience, on its target. */
export function firstEntries(bounds: Bounds): Entry[] {
  const { notAfterMs, uncertain } = bounds;
  const runbook = sampleRunbook({
    delivery: {
      ios_not_after: `${notAfterMs}ms`,
      android_not_after: `${notAfterMs}ms`,
      send_within: `${LEASE_MS}ms`,
      uncertain,
      batch_size: bounds.devicesPerBatch,
    },
    // As little as there can be: every process reads it and checks its hash.
    people: people.filter(({ id }) => id !== 'olu').map((person) => ({ ...person, devices: [], operator_keys: [] })),
    campaign: {
      id: 'big-game',
      default_locale: 'en',
      locales: { en: { title: 'Did you see that?', body: 'Do your lesson.' } },
      apns: { topic: 'com.example.lingo' },
    },
    switches: [],
    phases: [
      {
        id: 'go',
        title: 'Go',
        steps: [{ id: 'window', title: 'The window opens', at: 'T', do: { kind: 'fire-window' } }],
      },
    ],
    gates: [{ id: 'credentials', title: 'Credentials are fresh', hard: true, probe: { kind: 'credentials' } }],
    order_expires_after: '4h',
  });
  const commands: Command[] = [
    {
      kind: 'create-launch',
      by: 'ana',
      launchId: LAUNCH_ID,
      name: 'Super Bowl',
      channelId: 'C0WARROOM',
      runbook,
      runbookHash: 'r',
      targetAtMs: T0_MS,
      compress: 1,
    },
    { kind: 'set-audience', by: 'ana', audience: audienceOf(bounds) },
  ];
  return commands.reduce<Entry[]>((entries, command) => {
    const decided = decideOn(entries, command, T0_MS - 60_000);
    if (!decided.ok) throw new Error(`FIRST_ENTRY_REFUSED ${decided.code} ${decided.say}`);
    return [...entries, seal(headOf(entries), decided.entry, 'bot')];
  }, []);
}

export function headOf(entries: readonly Entry[]) {
  const last = entries.at(-1);
  return last === undefined ? { seq: 0, hash: '' } : { seq: last.seq, hash: last.hash };
}

const launches = new Map<string, Launch>();

/** The fold of the record, each entry folded once however often the search comes by. */
export function launchOf(entries: readonly Entry[]): Launch | null {
  const last = entries.at(-1);
  if (last === undefined) return null;
  let launch = launches.get(last.hash);
  if (launch === undefined) {
    launch = evolve(launchOf(entries.slice(0, -1)), last);
    launches.set(last.hash, launch);
  }
  return launch;
}

export function decideOn(entries: readonly Entry[], command: Command, nowMs: number): Decision {
  return decide(launchOf(entries), command, { nowMs, sha256, keys: keyringOf('bot').named });
}

const authorities = new Map<string, Authority>();

/** As a sender looks it up; a pure function of the record, so once for each. */
export function authorityOf(entries: readonly Entry[], shotId: string): Authority {
  const key = `${shotId} ${headOf(entries).hash}`;
  let authority = authorities.get(key);
  if (authority === undefined) {
    const verdict = authorityFor(LAUNCH_ID, shotId, entries, keyringOf('worker'), null);
    if (!verdict.ok) throw new Error(`NO_AUTHORITY ${verdict.code} ${verdict.say}`);
    ({ authority } = verdict);
    authorities.set(key, authority);
  }
  return authority;
}

/** Objects that are named by their content: any number of states can share them. */
const kept = new Map<string, Uint8Array>();
const objects = {
  put: (key: string, body: Uint8Array) => Promise.resolve(void kept.set(key, body)),
  get: (key: string) => Promise.resolve(kept.get(key) ?? null),
};
export const setOf = setReader(objects);

/** With who is left, as the claims say at this moment. */
export async function askCommand(stored: Stored, nowMs: number, bounds: Bounds): Promise<Command> {
  const launch = launchOf(stored.entries);
  if (launch === null) throw new Error('NO_LAUNCH');
  const sets = await freezeSets(
    { claims: claimsFor(new Directly(stored)), objects, manifestOf: () => Promise.resolve(manifestOf(bounds)) },
    launch,
    [SEGMENT],
  );
  return {
    kind: 'request-fire',
    by: 'ana',
    segments: 'all',
    measured: measuredAt(nowMs),
    via: slackVia('ana'),
    lift: launch.halt.active,
    sets,
  };
}

export function pressCommand(
  launch: Launch,
  orderId: string,
  nowMs: number,
  halt: { epoch: number; halted: boolean },
): Command {
  return {
    kind: 'approve-fire',
    by: 'mia',
    orderId,
    shownHash: launch.orders[orderId]?.shownHash ?? '',
    pressedAtMs: nowMs,
    measured: measuredAt(nowMs),
    via: slackVia('mia'),
    observedHaltEpoch: halt.epoch,
    observedHalted: halt.halted,
  };
}

/** What an attempt that was approved last is for, as workers and closers read it now. */
export async function setsOf(
  stored: Stored,
  shot: Shot,
  attempt: number,
  bounds: Bounds,
): Promise<Map<string, AttemptSet>> {
  const launch = launchOf(stored.entries);
  if (launch === null) throw new Error('NO_LAUNCH');
  return attemptSets(
    { claims: claimsFor(new Directly(stored)), setOf },
    { launch, shot, entries: stored.entries },
    SEGMENT,
    attempt,
    batchesOf(bounds),
  );
}
