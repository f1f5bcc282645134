import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import type { PlatformCounts, ShotSnapshot, WorkerReport } from '../../contract/report.ts';
import { ENTRY_VERSION } from '../../runbooks/launch/entries.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';

/** What workers would report: made-up answers with known times, encoded as workers encode them. */

export const GO_AT_MS = 1_770_507_000_000;

/** Counts of one platform whose accepted answers came at these times (ms since GO). */
export function countsOf(acceptedAtMs: readonly number[], more: Partial<PlatformCounts> = {}): PlatformCounts {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 3_600_000,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
    useWebAssembly: false,
  });
  const slots = new Map<number, number>();
  for (const ms of acceptedAtMs) {
    histogram.recordValue(ms);
    slots.set(Math.floor(ms / 100), (slots.get(Math.floor(ms / 100)) ?? 0) + 1);
  }
  return {
    written: acceptedAtMs.length + (more.failed ?? 0),
    accepted: acceptedAtMs.length,
    failed: 0,
    uncertain: 0,
    halted: 0,
    late: 0,
    skipped: 0,
    reasons: {},
    histogram: encodeIntoCompressedBase64(histogram),
    curve: [...slots].toSorted((a, b) => a[0] - b[0]),
    ...more,
  };
}

/** `count` times spread evenly from `fromMs` to `toMs`. */
export const evenly = (count: number, fromMs: number, toMs: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.round(fromMs + ((toMs - fromMs) * i) / count));

export function snapshotOf(shotId: string, ios: PlatformCounts, android: PlatformCounts): ShotSnapshot {
  return { shotId, platforms: { ios, android }, firstWriteAtMs: GO_AT_MS + 40, lastWriteAtMs: GO_AT_MS + 9_000 };
}

export function reportOf(
  launch: Pick<Launch, 'id' | 'audience' | 'skipList'>,
  bootId: string,
  atMs: number,
  more: Partial<WorkerReport> = {},
): WorkerReport {
  const lane = (provider: 'apns' | 'fcm') => ({
    provider,
    connections: 4,
    primed: 4,
    streams: 400,
    inFlight: 0,
    credentialAgeMs: 60_000,
    credentialLeftMs: 3_000_000,
  });
  return {
    v: 1,
    launchId: launch.id,
    bootId,
    host: 'host',
    pid: 1,
    atMs,
    startedAtMs: atMs - 10_000,
    state: 'ready',
    say: 'ready',
    audienceHash: launch.audience?.hash ?? null,
    skipListHash: launch.skipList?.hash ?? null,
    shardsLoaded: 2,
    shardsTotal: 2,
    lanes: [lane('apns'), lane('fcm')],
    switchReadAgoMs: 100,
    reads: ENTRY_VERSION,
    rssMb: 120,
    shots: [],
    ...more,
  };
}

/** A running shot over 3,000 iOS and 2,000 Android devices, as far as figures and pictures need one. */
export function shotForTests(more: Partial<Shot> = {}): Shot {
  const segment = (id: string, platform: Platform, devices: number) => ({
    id,
    platform,
    devices,
    batches: Math.ceil(devices / 1_000),
  });
  const shot = {
    id: 'shot-1',
    orderId: 'order-1',
    requestedBy: 'ana',
    approvedBy: 'mia',
    segments: [
      { segment: 'us-ios', attempt: 1 },
      { segment: 'us-android', attempt: 1 },
    ],
    shown: { uncertain: 'leave' },
    shownHash: 'h',
    audience: {
      hash: 'a',
      manifestKey: 'k',
      devices: 5_000,
      segments: [segment('us-ios', 'ios', 3_000), segment('us-android', 'android', 2_000)],
      locales: { en: 5_000 },
    },
    skipList: null,
    approvedSeq: 9,
    pressedAtMs: GO_AT_MS,
    notAfterAtMs: { ios: GO_AT_MS + 60_000, android: GO_AT_MS + 600_000 },
    haltEpoch: 0,
    redGates: [],
    haltedAtMs: null,
    closed: null,
    totals: null,
    ...more,
  };
  return shot as unknown as Shot;
}

export function launchForTests(shot: Shot): Launch {
  const people = [
    { id: 'ana', name: 'Ana Ortiz' },
    { id: 'mia', name: 'Mia Chen' },
  ];
  return {
    id: 'sb',
    seq: 12,
    headHash: 'f'.repeat(64),
    name: 'Super Bowl & friends',
    channelId: 'C0WARROOM',
    attempts: {},
    shots: { [shot.id]: shot },
    orders: {},
    people,
    runbook: { people, gates: [], delivery: { uncertain: 'leave' } },
    runbookChanges: {},
    rosterChanges: {},
    halt: { active: false },
    closed: false,
    audience: null,
    rehearses: null,
  } as unknown as Launch;
}
