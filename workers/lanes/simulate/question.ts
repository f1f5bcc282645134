import type { Platform } from '../../../runbooks/launch/entries.ts';
import { COSTS } from './costs.ts';
import type { Costs, Foreign } from './costs.ts';
import { curveOfMean } from './curve.ts';
import type { Curve } from './curve.ts';

/** More have no place in an answer under way (packed.ts). */
const BATCHES_AT_MOST = 2 ** 17;
const CONNECTIONS_AT_MOST = 2 ** 9;

/** What a provider takes; 0: no limit. Beyond it a push gets 429 with Retry-After. */
export interface ProviderLimits {
  perSecond: number;
  perMinute: number;
  retryAfterMs: number;
}

/** Times since GO. */
export interface Faults {
  /** Tasks that die at a moment. */
  dead: { tasks: number; atMs: number };
  /** Tasks that are ready only at a moment. */
  slow: { tasks: number; atMs: number };
  /** Part of the tokens that are refused as bad. APNs then takes one push at a time on that connection until its next success. */
  badTokens: number;
  /** Everybody gets 429 from then on for so long. */
  storm: { platform: Platform; atMs: number; forMs: number; retryAfterMs: number } | null;
  /** Connections of each task to each provider that take requests and never answer. */
  sickConnections: number;
}

export interface CloudFigures {
  /** Of the claims table; what is beyond is refused and tried again. */
  writesPerSecond: number;
  /** A read or conditional write of DynamoDB, and a call of SQS. */
  storeCall: Curve;
  queueCall: Curve;
}

export interface SimulationQuestion {
  devices: number;
  iosShare: number;
  tasks: number;
  /** Of a task. */
  cores: number;
  /** Sending threads of a task; 0: its main thread sends. */
  threads: number;
  /** Of a task to each provider. */
  connections: number;
  streams: Record<Platform, number>;
  /** Pushes that a connection is good for a second: near it latency climbs; 0: no such limit. */
  perConnection: number;
  batchSize: number;
  /** Segments that are fired at once, over both platforms. */
  segments: number;
  /** Part of the connections that have had an authenticated answer at GO; the others begin with one stream. */
  primed: number;
  /** From GO on; what is unsent then is late. */
  notAfterMs: number;
  latency: Record<Platform, Curve>;
  /** Answers of a connection come at multiples of this, ms: what is answered in between is read at once. */
  answerStepMs: number;
  /** Requests that a thread composes before it reads answers again. The grain of the simulation, with the step above. */
  pushesATurn: number;
  /** A second, over all tasks; 0: none. */
  pace: Record<Platform, number>;
  limits: Record<Platform, ProviderLimits>;
  cloud: CloudFigures;
  /** Bot, from the receipt of the press to the end of its own work for it, ms. */
  botMs: number;
  costs: Costs;
  faults: Faults;
  /** One machine for everything, instead of `cores` for each task. */
  shared: { cores: number; foreign: Foreign } | null;
  seed: number;
}

export const NO_LIMITS: ProviderLimits = { perSecond: 0, perMinute: 0, retryAfterMs: 60_000 };
export const NO_FAULTS: Faults = {
  dead: { tasks: 0, atMs: 0 },
  slow: { tasks: 0, atMs: 0 },
  badTokens: 0,
  storm: null,
  sickConnections: 0,
};
const LATENCY = curveOfMean(80);

export const SIMULATION_DEFAULTS: SimulationQuestion = {
  devices: 6_000_000,
  iosShare: 0.5,
  tasks: 15,
  cores: 1,
  threads: 1,
  connections: 60,
  // FCM's as firebase-admin assumes (docs/facts.md#fcm-streams); APNs has been seen to allow 500 to 1,500
  // (docs/facts.md#apns-streams), and the sizing takes 100 too.
  streams: { ios: 100, android: 100 },
  perConnection: 1_000,
  batchSize: 1_000,
  segments: 14,
  primed: 1,
  notAfterMs: 60_000,
  latency: { ios: LATENCY, android: LATENCY },
  answerStepMs: 1,
  // Some 64 KiB of requests and a millisecond of work: what goes out in one write of a lane.
  pushesATurn: 512,
  pace: { ios: 0, android: 0 },
  limits: { ios: NO_LIMITS, android: NO_LIMITS },
  cloud: {
    // An on-demand table that is new (docs/facts.md#dynamodb-on-demand).
    writesPerSecond: 4_000,
    // Not measured here: AWS speaks of single-digit milliseconds for DynamoDB and of tens for SQS.
    storeCall: { kind: 'quantiles', p50Ms: 5, p95Ms: 12, p99Ms: 25 },
    queueCall: { kind: 'quantiles', p50Ms: 12, p95Ms: 35, p99Ms: 80 },
  },
  // `npm run bench:press`: press to entry, p50.
  botMs: 15,
  costs: COSTS,
  faults: NO_FAULTS,
  shared: null,
  seed: 1,
};

/** Throws RangeError `SIMULATION_QUESTION` that names every figure that makes no sense, with what was found and expected. */
export function checkSimulation(question: SimulationQuestion): void {
  const problems: string[] = [];
  const want = (name: string, found: number, expected: string, isSo: boolean) => {
    if (!isSo) problems.push(`${name}: found ${found}, expected ${expected}`);
  };
  const whole = (name: string, found: number, least: number, most: number) =>
    want(
      name,
      found,
      `a whole number from ${least} to ${most}`,
      Number.isInteger(found) && found >= least && found <= most,
    );
  const part = (name: string, found: number) => want(name, found, 'a number from 0 to 1', found >= 0 && found <= 1);
  const atLeast0 = (name: string, found: number) =>
    want(name, found, 'a number from 0', found >= 0 && Number.isFinite(found));
  const { devices, tasks, faults, costs, limits, pace, batchSize } = question;
  whole('devices', devices, 1, 100_000_000);
  whole('tasks', tasks, 1, 1_000);
  whole('cores', question.cores, 1, 128);
  whole('threads', question.threads, 0, 128);
  whole('connections', question.connections, 1, CONNECTIONS_AT_MOST - 1);
  whole('streams of APNs', question.streams.ios, 1, 10_000);
  whole('streams of FCM', question.streams.android, 1, 10_000);
  whole('batch size', batchSize, 1, 2_000);
  want(
    'batches',
    Math.ceil(devices / batchSize),
    `at most ${BATCHES_AT_MOST - 2}: larger batches, or fewer devices`,
    Math.ceil(devices / batchSize) <= BATCHES_AT_MOST - 2,
  );
  whole('segments', question.segments, 1, 1_000);
  whole('seed', question.seed, 0, 2 ** 31 - 1);
  part('share of iOS', question.iosShare);
  part('primed', question.primed);
  part('bad tokens', faults.badTokens);
  want(
    'not after',
    question.notAfterMs,
    'from 100 ms to an hour',
    question.notAfterMs >= 100 && question.notAfterMs <= 3_600_000,
  );
  want(
    'answer step',
    question.answerStepMs,
    'from 0.1 to 100 ms',
    question.answerStepMs >= 0.1 && question.answerStepMs <= 100,
  );
  whole('pushes a turn', question.pushesATurn, 1, 100_000);
  whole('dead tasks', faults.dead.tasks, 0, tasks);
  whole('slow tasks', faults.slow.tasks, 0, tasks);
  whole('sick connections', faults.sickConnections, 0, question.connections);
  for (const platform of ['ios', 'android'] as const) {
    const { kind, ...figures } = question.latency[platform];
    const values = Object.values(figures);
    want(
      `latency of ${platform} (${kind})`,
      values.find((one, at) => !(one >= (values[at - 1] ?? 0))) ?? Number.NaN,
      'numbers from 0, none below the one before, p50 above 0',
      values.every((one, at) => one >= (values[at - 1] ?? 0) && one <= 60_000) &&
        (kind !== 'quantiles' || (values[0] ?? 0) > 0),
    );
    atLeast0(`pace of ${platform}`, pace[platform]);
    atLeast0(`limit of ${platform} a second`, limits[platform].perSecond);
    atLeast0(`limit of ${platform} a minute`, limits[platform].perMinute);
  }
  for (const [name, found] of [
    ['per connection', question.perConnection],
    ['bot', question.botMs],
    ['dead at', faults.dead.atMs],
    ['slow until', faults.slow.atMs],
  ] as const)
    atLeast0(name, found);
  want('writes a second', question.cloud.writesPerSecond, 'a number above 0', question.cloud.writesPerSecond > 0);
  for (const [name, found] of [
    ['push.ios', costs.push.ios],
    ['push.android', costs.push.android],
    ['read', costs.read],
    ['write', costs.write],
    ['call', costs.call],
    ['batch', costs.batch],
    ['device', costs.device],
    ['authority', costs.authority],
    ['helpers', costs.helpers],
  ] as const)
    atLeast0(`cost ${name}`, found);
  want('cost factor', costs.factor, 'a number above 0', costs.factor > 0);
  if (problems.length > 0) throw new RangeError(`SIMULATION_QUESTION\n${problems.join('\n')}`);
}
