import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { z } from 'zod';
import { sharedClockMs } from '../../infra/monotonic.ts';
import { folderObjects } from '../../workers/audience/packed/folder-objects.ts';
import { loadAudience } from '../../workers/audience/packed/load.ts';
import type { LoadedAudience } from '../../workers/audience/packed/loaded-audience.ts';
import { fixedCredential } from '../../workers/credentials/fixed-for-tests.ts';
import { ShotStop } from '../../workers/halt/shot-stop.ts';
import { createSwitchMemory, sharedNowMs, SwitchView, writeReading } from '../../workers/halt/switch-view.ts';
import type { SwitchMemory } from '../../workers/halt/switch-view.ts';
import { WriteCheck } from '../../workers/halt/write-check.ts';
import type { Lane, PreparedShot } from '../../workers/lanes/lane.ts';
import { apnsProvider } from '../../workers/lanes/provider.ts';
import { WireLane } from '../../workers/lanes/wire-lane.ts';
import { ShotTally } from '../../workers/report/tally.ts';
import { batchWrites } from '../../workers/send/batch-writes.ts';
import { leaseFor } from '../../workers/send/lease-for-tests.ts';
import { SendingThreads } from '../../workers/threads/sending-threads.ts';
import { ThreadLane } from '../../workers/threads/thread-lane.ts';
import type { Round } from './client-process.ts';
import { apnsHeaders, apnsPayload } from './clients/bench-client.ts';
import type { Target } from './clients/bench-client.ts';

/**
 * A worker's sending part as a process of its own: an audience in memory, switches that are read before every write, a
 * tally of every outcome. Prints `ready`; each line `round` on standard input is a round, answered by a line of JSON.
 */
const optionsShape = z.strictObject({
  target: z.custom<Target>((value) => typeof value === 'object' && value !== null),
  /** Sending threads; 0: the main thread. */
  threads: z.number(),
  audience: z.strictObject({ folder: z.string(), manifestKey: z.string() }),
  warmUpMs: z.number(),
  roundMs: z.number(),
  /** What the lane may send in a second; 0: no limit. */
  pace: z.number(),
});
export type ThreadsOptions = z.output<typeof optionsShape>;
export interface ThreadsRound extends Round {
  rssMb: number;
}

const FOREVER_MS = 3_600_000;

async function openLane(
  { target, threads: count }: ThreadsOptions,
  audience: LoadedAudience,
  switches: SwitchMemory,
): Promise<Lane> {
  const credential = fixedCredential(target.apnsAuthorization);
  const log = pino({ level: 'error' }, pino.destination(2));
  const common = {
    url: target.apnsUrl,
    ca: target.ca,
    connections: target.connections,
    credential,
    prime: { headers: apnsHeaders, body: Buffer.from('{"aps":{"content-available":1}}') },
    mayPrime: () => Promise.resolve(true),
    log,
  };
  if (count === 0) return new WireLane({ ...common, provider: apnsProvider() });
  const threads = new SendingThreads({ count, switches, log });
  const lane = new ThreadLane({ ...common, threads, platform: 'ios', projectId: null });
  threads.attach(audience);
  return lane;
}

async function run(options: ThreadsOptions): Promise<void> {
  const {
    target,
    audience: { folder, manifestKey },
    warmUpMs,
    roundMs,
    pace,
  } = options;
  const audience = await loadAudience(folderObjects(folder), manifestKey);
  const switches = createSwitchMemory();
  writeReading(switches, { haltEpoch: 0, halted: false, pace: { ios: 0, android: 0 } }, sharedNowMs() + FOREVER_MS);
  const lane = await openLane(options, audience, switches);
  await lane.open(new AbortController().signal);
  await lane.prime(
    Array.from({ length: target.connections }, (_, at) => ({ token: `a1b2c3${at.toString(16).padStart(58, '0')}` })),
    new AbortController().signal,
  );
  const shot = lane.prepare(
    audience.manifest.locales.map(() => ({ headers: apnsHeaders, body: Buffer.from(JSON.stringify(apnsPayload)) })),
  );
  lane.pace(pace);
  const send = sender(lane, shot, audience, new SwitchView(switches));
  await send(warmUpMs);
  process.stdout.write('ready\n');
  for await (const line of createInterface({ input: process.stdin })) {
    if (line !== 'round') break;
    const cpu = process.cpuUsage();
    const startMs = performance.now();
    const requests = await send(roundMs);
    const { user, system } = process.cpuUsage(cpu);
    const round: ThreadsRound = {
      requests,
      seconds: (performance.now() - startMs) / 1_000,
      cpuSeconds: (user + system) / 1e6,
      rssMb: process.memoryUsage.rss() / 1e6,
    };
    process.stdout.write(`${JSON.stringify(round)}\n`);
  }
}

/** Batch after batch as long as there is room, as a worker does; each is tallied device by device. */
function sender(
  lane: Lane,
  shot: PreparedShot,
  audience: LoadedAudience,
  view: SwitchView,
): (ms: number) => Promise<number> {
  const batches = audience.manifest.segments.flatMap((segment) => segment.batches.map(({ id }) => id));
  let at = 0;
  return async (ms) => {
    const endMs = performance.now() + ms;
    const tally = new ShotTally('bench', sharedClockMs());
    const sent: Promise<void>[] = [];
    while (performance.now() < endMs) {
      await lane.capacity();
      const batch = batches[at++ % batches.length] ?? '';
      const terms = { haltEpoch: 0, lease: leaseFor(FOREVER_MS), stopped: ShotStop.create().memory };
      sent.push(
        lane.send(shot, {
          ...batchWrites(audience.view(batch), null, new WriteCheck(terms, view)),
          wrote: () => tally.wrote('ios', sharedClockMs()),
          settle: (_, outcome, atMs = sharedClockMs()) =>
            tally.settled('ios', outcome.state === 'held' ? 'late' : outcome.state, null, atMs),
          elsewhere: {
            batch,
            devices: null,
            terms,
            wrote: (writes, firstAtMs, lastAtMs) => tally.wrote('ios', lastAtMs, writes, firstAtMs),
          },
        }),
      );
    }
    await Promise.all(sent);
    const { written, accepted, ...rest } = tally.counts('ios');
    if (accepted !== written || Object.values(rest).some((count) => count > 0))
      throw new Error(`BENCH_WRONG_ANSWER ${JSON.stringify(tally.counts('ios'))}`);
    return accepted;
  };
}

await run(optionsShape.parse(JSON.parse(process.argv[2] ?? '{}')));
process.exit(0);
