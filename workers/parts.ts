import type { Logger } from 'pino';
import { queueNames } from '../contract/queue-names.ts';
import type { WorkerReport } from '../contract/report.ts';
import type { Cloud } from '../infra/aws/cloud.ts';
import type { Journal } from '../infra/aws/journal.ts';
import { sharedClockMs } from '../infra/monotonic.ts';
import { areSpansHeard } from '../infra/watch/spans.ts';
import { PLATFORMS } from '../runbooks/launch/entries.ts';
import type { Launch } from '../runbooks/launch/launch.ts';
import { manifestReader } from '../settle/close.ts';
import { setReader } from '../settle/frozen-sets.ts';
import { Closer } from './close/closer.ts';
import { Rescue } from './close/rescue.ts';
import type { WorkerConfig } from './config.ts';
import type { CredentialTiming } from './credentials/clock.ts';
import type { ProviderSecrets } from './credentials/provider-secrets.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import { Known } from './dispatch/known.ts';
import { PoolOwner } from './dispatch/pool-owner.ts';
import { watchSwitches } from './halt/switch-watch.ts';
import type { SwitchWatch } from './halt/switch-watch.ts';
import { Lanes } from './lanes/lanes.ts';
import { Memory } from './memory.ts';
import { Foreign } from './report/foreign.ts';
import { Metrics } from './report/metrics.ts';
import { Reporter } from './report/reporter.ts';
import { ShotTrace } from './report/shot-trace.ts';
import { homeCheck } from './send/home-check.ts';
import { Pacer } from './send/pacer.ts';
import { RollWatch } from './send/roll-watch.ts';
import { Sender } from './send/sender.ts';
import { ShotRuns } from './send/shot-runs.ts';
import { testSender } from './test-send/test-sender.ts';

/** What a worker is made of. */
export interface Parts {
  memory: Memory;
  lanes: Lanes;
  switches: SwitchWatch;
  runs: ShotRuns;
  pacer: Pacer;
  senders: Sender[];
  closer: Closer;
  dispatcher: Dispatcher;
  reporter: Reporter;
  roll: RollWatch;
  foreign: Foreign;
}

export interface PartsOptions {
  config: WorkerConfig;
  cloud: Cloud;
  journal: Journal;
  launchId: string;
  bootId: string;
  log: Logger;
  metricsLine: ((line: string) => void) | null;
  /** The launch as last read. */
  launch: () => Launch | null;
  report: () => WorkerReport;
  complain: (say: string) => void;
  secrets: ProviderSecrets;
  timing?: CredentialTiming;
}

/** Who has just claimed a batch of a segment knows that nobody has to look after it. */
const BUSY_MS = 1_500;

/** Makes the parts and tells them of each other. Nothing but the switch thread is started. `topic`: APNs topic of priming pushes. */
export async function assembleParts(options: PartsOptions, topic: string): Promise<Parts> {
  const { config, cloud, journal, launchId, bootId, log, metricsLine, launch, report, complain, secrets } = options;
  const { clock } = cloud;
  const names = queueNames(config.pool);
  const switches = watchSwitches({ config: config.cloud, launchId, log, onAnswer: clock.answered });
  const roll = new RollWatch({
    live: cloud.live,
    launchId,
    bootId,
    launch,
    trusted: config.keyring.trusted,
    clock,
    log,
  });
  const lanes = new Lanes({
    config,
    secrets,
    launchId,
    topic,
    bootId,
    live: cloud.live,
    staff: cloud.staff,
    clock,
    switches: switches.memory,
    workers: () => roll.view.size,
    log,
    ...(options.timing === undefined ? {} : { timing: options.timing }),
  });
  const memory = new Memory({ objects: cloud.objects, log, onChange: (audience) => lanes.attach(audience) });
  const readManifest = manifestReader(cloud.objects);
  const setOf = setReader(cloud.objects);
  // Between the press and the first push there is no time for a second look at what is in memory.
  const manifestOf: typeof readManifest = async (ref) =>
    memory.audience?.manifest.hash === ref.hash ? memory.audience.manifest : readManifest(ref);
  const foreign = new Foreign(log);
  const known = new Known(journal, launchId);
  const owner = new PoolOwner(cloud.live, config.pool);
  const isServed = (other: string) => owner.is(other);
  const runs: ShotRuns = new ShotRuns({
    atHome: homeCheck(cloud),
    journal,
    launchId,
    clock,
    loaded: () => memory.current,
    head: async () => (await cloud.switches.read(launchId, { consistent: true }))?.head ?? null,
    onRun: () => {
      lanes.freeze(true);
      pacer.update();
    },
    traceOf: (shotId, sinceMs) =>
      areSpansHeard() ? new ShotTrace({ launchId, shotId }, { bootId, clock, startMs: clock.atMs(sinceMs) }) : null,
  });
  const pacer = new Pacer({ lanes: lanes.lanes, runs, switches: switches.view, clock, roll: roll.view });
  const senders = PLATFORMS.map(
    (platform) =>
      new Sender({
        platform,
        lane: lanes.lanes[platform],
        queues: cloud.queues,
        queue: names.batches[platform],
        claims: cloud.claims,
        setOf,
        clock,
        journal,
        launchId,
        bootId,
        switches: switches.view,
        runs,
        audience: () => memory.audience,
        share: () => pacer.share(platform),
        known,
        isServed,
        foreign,
        complain,
        log: log.child({ platform }),
      }),
  );
  const rescue = new Rescue({
    claims: cloud.claims,
    live: cloud.live,
    trusted: journal.keyring.trusted,
    queues: cloud.queues,
    batches: names.batches,
    launchId,
    log,
    earliestMs: clock.earliestMs,
    nowMs: clock.earliestMs,
    heldBack: ({ id, haltEpoch }) =>
      switches.view.stop(haltEpoch) ?? (runs.get(id)?.isStoppedWhole === true ? 'stopped' : null),
    isBusy: (shotId, segment) =>
      sharedClockMs() - (runs.get(shotId)?.claimedAtMs.get(segment) ?? Number.NEGATIVE_INFINITY) < BUSY_MS,
  });
  const closer = new Closer({
    claims: cloud.claims,
    journal,
    manifestOf,
    setOf,
    launchId,
    holder: bootId,
    live: cloud.live,
    clock,
    rescue,
    complain,
    log,
    // The dispatcher and the senders read the record too, and may know of a shot before the next look-round.
    launch: () => journal.peek(launchId) ?? launch(),
    idleMs: (shotId) => {
      const run = runs.get(shotId);
      return run === undefined ? Number.POSITIVE_INFINITY : run.inHand > 0 ? 0 : sharedClockMs() - run.activeAtMs;
    },
  });
  const dispatcher = new Dispatcher({
    queues: cloud.queues,
    segments: names.segments,
    batches: names.batches,
    claims: cloud.claims,
    switches: cloud.switches,
    journal,
    launchId,
    known,
    isServed,
    manifestOf,
    setOf,
    sendTest: testSender(config, secrets, cloud.staff),
    foreign,
    log,
    nowMs: clock.earliestMs,
    clock,
    onRefused: (say) => complain(`an order was refused: ${say}`),
  });
  const metrics =
    metricsLine === null
      ? null
      : new Metrics({ launchId, pool: config.pool, bootId, write: metricsLine, nowMs: clock.nowMs });
  const reporter = new Reporter({
    live: cloud.live,
    signer: config.keyring.signer,
    report,
    runs,
    clock,
    metrics,
    workers: () => Math.max(roll.view.size, launch()?.runbook.pool.workers ?? 0),
    log,
  });
  return { memory, lanes, switches, runs, pacer, senders, closer, dispatcher, reporter, roll, foreign };
}
