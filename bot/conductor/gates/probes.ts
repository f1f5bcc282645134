import { fresh } from '../../../contract/liveness.ts';
import { weatherOf } from '../../../contract/pool-weather.ts';
import { queueNames } from '../../../contract/queue-names.ts';
import type { WorkerReport } from '../../../contract/report.ts';
import type { Cloud } from '../../../infra/aws/cloud.ts';
import type { Measured } from '../../../runbooks/launch/entries.ts';
import { gatesOf } from '../../../runbooks/launch/gates.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { isMeasured } from '../../../runbooks/launch/rule-gates.ts';
import type { MeasuredProbe } from '../../../runbooks/launch/rule-gates.ts';
import { scaleGoal } from '../../../runbooks/launch/scale-goal.ts';
import { platformName } from '../../views/names.ts';
import { kindOfWeather } from '../../views/weather-kinds.ts';
import { weatherSay } from '../../views/weather.ts';
import type { Context } from '../context.ts';
import { LEASE } from '../leader.ts';
import { workerSight } from '../worker-reports.ts';
import { clocksNow } from './clock-probe.ts';
import { doctorNow, lastLook } from './doctor-probe.ts';
import { homeNow } from './home-probe.ts';
import { payloadSize } from './payload-probe.ts';
import { counted, providersNow } from './providers-probe.ts';
import { versionsNow } from './versions-probe.ts';
import { platformsInUse, primedShare, providersInUse, sendersOf, unsignedIn, workersReady } from './workers-probe.ts';
import type { Found } from './workers-probe.ts';

/**
 * What the credential of every open connection must have left at GO. Providers refuse one after an hour
 * (docs/facts.md#apns-token-age); workers move connections from 15 min on, whatever goes on, so no waiting order turns
 * this red.
 */
const CREDENTIAL_LEFT_MS = 10 * 60_000;

/** Measures every automatic gate of the launch now. A probe that fails is unknown, never green, and doesn't hide the others. */
export async function measureGates(
  context: Pick<Context, 'cloud' | 'journal' | 'version'>,
  launch: Launch,
  nowMs: number,
): Promise<Measured[]> {
  const { cloud, version } = context;
  const gates = gatesOf(launch).filter(isMeasured);
  // One read for all gates; if it fails, the gates that rest on it are unknown.
  const sight = workerSight(context, launch);
  const reports = sight.then((seen) => seen.reports);
  reports.catch(() => undefined);
  const foundOf = async (probe: MeasuredProbe): Promise<Found> => {
    if (probe.kind === 'clocks') return clocksNow(await reports, cloud.clock.offset(), nowMs, probe.within);
    if (probe.kind === 'versions')
      return versionsNow(fresh(await reports, nowMs), [version, await leadersVersion(cloud, version)]);
    if (probe.kind === 'workers-ready')
      return workersReady(launch, fresh(await reports, nowMs), probe.at_least, nowMs, unsignedIn(await sight, nowMs));
    return measure(cloud, launch, probe, nowMs, async () => fresh(await reports, nowMs));
  };
  return Promise.all(
    gates.map(async (gate) => {
      const found = await foundOf(gate.probe).catch(unmeasured);
      return { gate: gate.id, atMs: nowMs, ...found };
    }),
  );
}

export const unmeasured = (error: unknown): Found => ({
  status: 'unknown',
  value: null,
  say: `cannot be measured: ${error instanceof Error ? error.message : String(error)}`.slice(0, 200),
});

/** Null: it is ours, or nobody leads. */
async function leadersVersion(cloud: Cloud, own: string | null): Promise<string | null> {
  const found = own === null ? null : await cloud.live.leaseVersion(LEASE);
  return found === own ? null : found;
}

async function measure(
  cloud: Cloud,
  launch: Launch,
  probe: Exclude<MeasuredProbe, { kind: 'clocks' | 'versions' | 'workers-ready' }>,
  nowMs: number,
  reports: () => Promise<WorkerReport[]>,
): Promise<Found> {
  switch (probe.kind) {
    case 'primed-share':
      return primedShare(launch, await reports(), probe.at_least, nowMs);
    case 'queue-empty':
      return queueEmpty(cloud, launch, probe.queue);
    case 'credentials':
      return credentials(launch, await reports(), nowMs);
    case 'payload-size':
      return payloadSize(launch);
    case 'test-send':
      return testSend(launch);
    case 'scaled':
      return scaled(cloud, launch, probe.target);
    case 'switch-reach':
      return switchReach(await reports(), probe.within);
    case 'providers':
      return providersNow(providersInUse(launch), await reports());
    case 'doctor':
      return doctorNow(launch, probe, await lastLook(cloud, launch.id), nowMs);
    case 'home':
      return homeNow(cloud, launch);
    default: {
      const unknown: never = probe;
      throw new Error(`PROBE_UNKNOWN: ${JSON.stringify(unknown)}`);
    }
  }
}

async function queueEmpty(
  cloud: Cloud,
  launch: Launch,
  queue: 'segments' | 'batches' | 'dead-letters',
): Promise<Found> {
  const names = queueNames(launch.runbook.pool.name);
  const which = {
    segments: [names.segments],
    batches: Object.values(names.batches),
    'dead-letters': [names.deadLetters, names.segmentDeadLetters],
  }[queue];
  const depths = await Promise.all(which.map((name) => cloud.queues.depth(name)));
  const waiting = depths.reduce((sum, depth) => sum + depth.visible + depth.delayed, 0);
  const say = waiting === 0 ? 'empty' : `${waiting} messages waiting`;
  return { status: waiting === 0 ? 'green' : 'red', value: waiting, say };
}

function credentials(launch: Launch, all: readonly WorkerReport[], nowMs: number): Found {
  const reports = sendersOf(all);
  if (reports.length === 0) return { status: 'unknown', value: null, say: 'no worker is ready' };
  const providers = providersInUse(launch);
  const stale = reports.filter((report) =>
    providers.some((provider) => !isFresh(report.lanes.find((lane) => lane.provider === provider))),
  );
  const refused = weatherOf(
    reports.map((report) => ({ ...report, lanes: report.lanes.filter(isRefused) })),
    platformsInUse(launch),
  );
  if (refused.length > 0)
    return {
      status: 'red',
      value: Math.max(stale.length, ...refused.map(({ workers }) => workers)),
      say: refused.map((weather) => weatherSay(weather, nowMs)).join('; '),
    };
  const what =
    stale.length === 0
      ? `fresh on ${counted(reports.length)}`
      : `stale or missing on ${stale.length} of ${reports.length} workers`;
  return { status: stale.length === 0 ? 'green' : 'red', value: stale.length, say: what };
}

/** The provider takes the credential on no connection. With one that it took, the answer may be one of those that come now and then without cause. */
function isRefused({ provider, weather, primed }: WorkerReport['lanes'][number]): boolean {
  return (
    weather !== null &&
    weather !== undefined &&
    primed === 0 &&
    kindOfWeather(provider === 'apns' ? 'ios' : 'android', weather.reason) === 'credential'
  );
}

/** The report names the credential that ends first of those that connections have; null: none is open. */
function isFresh(lane: WorkerReport['lanes'][number] | undefined): boolean {
  return lane !== undefined && lane.credentialLeftMs !== null && lane.credentialLeftMs > CREDENTIAL_LEFT_MS;
}

function testSend(launch: Launch): Found {
  const done = Object.values(launch.tests)
    .filter((test) => test.contentHash === launch.contentHash)
    .flatMap((test) => test.results ?? []);
  const missing = platformsInUse(launch).filter(
    (platform) => !done.some((result) => result.platform === platform && result.accepted),
  );
  if (missing.length === 0)
    return { status: 'green', value: 0, say: 'the present content was accepted on every platform' };
  const refused = done.find((result) => !result.accepted && missing.includes(result.platform));
  return {
    status: 'red',
    value: missing.length,
    say: `no accepted copy of the present content on ${missing.map((platform) => platformName[platform]).join(' and ')}${refused === undefined ? '' : ` (${refused.reason})`}`,
  };
}

async function scaled(cloud: Cloud, launch: Launch, targetId: string): Promise<Found> {
  const target = launch.runbook.scale_targets.find(({ id }) => id === targetId);
  if (target === undefined) return { status: 'unknown', value: null, say: `no scale target ${targetId}` };
  const ordered = launch.scale[targetId];
  if (ordered === undefined) return { status: 'red', value: null, say: 'nothing ordered yet' };
  const observed = await cloud.scaling.observe(target);
  // More than was ordered is no harm: its own scaling may have brought it.
  const { count } = scaleGoal(launch, targetId);
  const missing = Math.max(0, count - observed.running);
  return {
    status: missing === 0 && observed.desired >= count ? 'green' : 'red',
    value: missing,
    say: `${observed.running} of ${count} running${observed.desired === count ? '' : `, AWS is told ${observed.desired}`}${observed.say === null ? '' : `: ${observed.say}`}`,
  };
}

function switchReach(all: readonly WorkerReport[], withinMs: number): Found {
  const reports = sendersOf(all);
  if (reports.length === 0) return { status: 'unknown', value: null, say: 'no worker is ready' };
  const ages = reports.map((report) => report.switchReadAgoMs);
  const never = ages.filter((age) => age === null).length;
  if (never > 0)
    return { status: 'red', value: null, say: `${never} of ${reports.length} workers have not read the switches` };
  const worst = Math.max(...ages.filter((age) => age !== null));
  return {
    status: worst <= withinMs ? 'green' : 'red',
    value: worst,
    say: `read within ${Math.round(worst)} ms by ${reports.length === 1 ? '' : 'all of '}${counted(reports.length)}`,
  };
}
