import { pino } from 'pino';
import type { Logger } from 'pino';
import { afterEach, expect } from 'vitest';
import { apns, csv, testFolder } from '../audience/for-tests.ts';
import { loadAudience } from '../audience/packed/load.ts';
import type { CredentialTiming } from '../credentials/clock.ts';
import { fixedCredential } from '../credentials/fixed-for-tests.ts';
import { ShotStop } from '../halt/shot-stop.ts';
import { createSwitchMemory, sharedNowMs, SwitchView, writeReading } from '../halt/switch-view.ts';
import { WriteCheck } from '../halt/write-check.ts';
import type { LaneJob, Outcome } from '../lanes/lane.ts';
import { startPeer } from '../lanes/peer-for-tests.ts';
import type { TestRequest } from '../lanes/peer-for-tests.ts';
import { batchWrites } from '../send/batch-writes.ts';
import { leaseFor } from '../send/lease-for-tests.ts';
import { ENTRY, SendingThreads } from './sending-threads.ts';
import { ThreadLane } from './thread-lane.ts';

const log = pino({ level: 'silent' });
export const cleanup: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of cleanup.splice(0).toReversed()) await stop();
});

interface Setup {
  threads?: number;
  entry?: URL;
  connections?: number;
  devices?: number;
  batchSize?: number;
  streams?: number;
  mayPrime?: (token: string) => boolean;
  timing?: CredentialTiming;
  proxy?: string;
  log?: Logger;
  beforeOpen?: () => void;
  onRequest: (request: TestRequest) => void;
}

/** A lane over sending threads, its peer, an audience and jobs of it. Taken down after each test. */
export async function setUp({
  threads: count = 2,
  entry = ENTRY,
  connections = 2,
  devices = 1_000,
  batchSize = 250,
  streams = 100,
  mayPrime = () => true,
  timing = {},
  proxy,
  log: own = log,
  beforeOpen = () => undefined,
  onRequest,
}: Setup) {
  const peer = await startPeer({ streams, onRequest });
  cleanup.push(() => peer.stop());
  const folder = await testFolder();
  cleanup.push(() => folder[Symbol.asyncDispose]());
  const rows = Array.from({ length: devices }, (_, at) => `user${at},ios,${apns(at + 1)},en,us`);
  const { audience: ref } = await folder.compile(await folder.file('devices.csv', csv(...rows)), { batchSize });
  const audience = await loadAudience(folder.objects, ref.manifestKey);
  const memory = createSwitchMemory();
  /** `isOld`: so old that it counts as none. */
  const say = (halted: boolean, isOld = false) =>
    writeReading(
      memory,
      { haltEpoch: halted ? 1 : 0, halted, pace: { ios: 0, android: 0 } },
      sharedNowMs() + (isOld ? -5_000 : 60_000),
    );
  say(false);
  const threads = new SendingThreads({ count, switches: memory, log: own, entry });
  const credential = fixedCredential();
  const lane = new ThreadLane({
    threads,
    platform: 'ios',
    projectId: null,
    url: peer.url,
    ca: peer.ca,
    ...(proxy === undefined ? {} : { proxy }),
    connections,
    credential,
    prime: { headers: { 'apns-push-type': 'background' }, body: Buffer.from('{"aps":{}}') },
    mayPrime: (token) => Promise.resolve(mayPrime(token)),
    log: own,
    timing,
  });
  cleanup.push(async () => {
    await lane.close();
    await threads.stop();
  });
  threads.attach(audience);
  beforeOpen();
  await lane.open(new AbortController().signal);
  const shot = lane.prepare([
    { headers: { 'apns-topic': 'com.example' }, body: Buffer.from('{"aps":{"alert":"hi"}}') },
  ]);
  const batches = audience.manifest.segments.flatMap((segment) => segment.batches.map(({ id }) => id));
  const stopped = ShotStop.create().memory;

  const jobOf = (batch: string, options: { devices?: Uint32Array; forMs?: number } = {}) => {
    const view = audience.view(batch);
    const outcomes: Outcome[][] = Array.from({ length: options.devices?.length ?? view.count }, () => []);
    const terms = { haltEpoch: 0, lease: leaseFor(options.forMs ?? 20_000), stopped };
    const written = { times: 0, again: 0, lastMs: 0 };
    const job: LaneJob = {
      ...batchWrites(view, options.devices ?? null, new WriteCheck(terms, new SwitchView(memory))),
      settle: (index, outcome) => outcomes[index]?.push(outcome),
      elsewhere: {
        batch,
        devices: options.devices ?? null,
        terms,
        wrote: (times, _, lastMs) => {
          written.times += times;
          written.lastMs = lastMs;
        },
        again: (times) => {
          written.again += times;
        },
      },
    };
    return { job, outcomes, written };
  };
  return { peer, audience, threads, lane, shot, batches, jobOf, say, credential };
}

/** How often each state came; fails when a device was settled more or less than once. */
export function tally(all: { outcomes: Outcome[][] }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of all.flatMap(({ outcomes }) => outcomes)) {
    expect(outcome).toHaveLength(1);
    const state = outcome[0]?.state ?? '';
    counts[state] = (counts[state] ?? 0) + 1;
  }
  return counts;
}
