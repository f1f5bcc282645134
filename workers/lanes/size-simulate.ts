import { readFile, writeFile } from 'node:fs/promises';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { curveOfMean } from './simulate/curve.ts';
import type { Curve } from './simulate/curve.ts';
import { NO_LIMITS, SIMULATION_DEFAULTS } from './simulate/question.ts';
import type { SimulationQuestion } from './simulate/question.ts';
import { simulate } from './simulate/simulate.ts';
import type { SimulationAnswer } from './simulate/simulate.ts';
import { figure, positive, readOptions, reading, usageOf, whole } from './size-options.ts';
import { comparison, questionOf, rehearsal } from './size-rehearsal.ts';
import { tableOf, wordsOf } from './size-words.ts';

/** `npm run size -- --simulate`: options in, one or more launches played, words or a table out. */

const SECONDS = 1_000;
const { costs } = SIMULATION_DEFAULTS;
const cost = (value: number) => figure(0).default(value);

const readable = (text: string): number => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN);
/** `60/150/400`: p50, p95, p99. */
const curve = reading<Curve>((text) => {
  const [p50Ms, p95Ms, p99Ms, more] = text.split('/').map(readable);
  const isOne =
    more === undefined &&
    p50Ms !== undefined &&
    p95Ms !== undefined &&
    p99Ms !== undefined &&
    p50Ms > 0 &&
    p50Ms <= p95Ms &&
    p95Ms <= p99Ms &&
    p99Ms <= 60_000;
  return isOne
    ? { ok: true, value: { kind: 'quantiles', p50Ms, p95Ms, p99Ms } }
    : { ok: false, expected: 'p50/p95/p99 in ms, none below the one before, like 60/150/400' };
});
/** `3@1.5`: so many, at so many seconds. */
const moment = reading<{ tasks: number; atMs: number }>((text) => {
  const [tasks, seconds, more] = text.split('@').map(readable);
  const isOne =
    more === undefined && tasks !== undefined && seconds !== undefined && Number.isInteger(tasks) && seconds >= 0;
  return isOne
    ? { ok: true, value: { tasks, atMs: seconds * SECONDS } }
    : { ok: false, expected: 'tasks@seconds, like 3@1.5' };
});
/** `fcm@2+3`: from 2 s on for 3 s. */
const storm = reading<{ platform: Platform; atMs: number; forMs: number }>((text) => {
  const found = /^(apns|fcm)@(\d+(?:\.\d+)?)\+(\d+(?:\.\d+)?)$/.exec(text);
  return found === null
    ? { ok: false, expected: 'provider@from+seconds, like fcm@2+3' }
    : {
        ok: true,
        value: {
          platform: found[1] === 'apns' ? 'ios' : 'android',
          atMs: Number(found[2]) * SECONDS,
          forMs: Number(found[3]) * SECONDS,
        },
      };
});
const tasksList = reading<number[]>((text) => {
  const tasks = text.split(',').map(readable);
  return tasks.every((one) => Number.isInteger(one) && one >= 1 && one <= 1_000)
    ? { ok: true, value: tasks }
    : { ok: false, expected: 'a whole number from 1 to 1000, or several like 5,10,20' };
});

const options = {
  devices: { shape: whole(1, 100_000_000).optional(), say: 'devices to send to (default 6000000)' },
  tasks: {
    shape: tasksList.optional(),
    say: 'tasks, or several for a table: 5,10,20 (default 1,2,5,10,15,20,30,50,100)',
  },
  cores: { shape: whole(1, 128).optional(), say: 'cores of a task (default 1)' },
  threads: {
    shape: whole(0, 128).optional(),
    say: 'sending threads of a task (default its cores but one, at least 1; 0: its main thread sends)',
  },
  'platform-share': {
    shape: figure(0, 1).optional(),
    say: 'share of the devices that are on iOS, 0 to 1 (default 0.5)',
  },
  connections: { shape: whole(1, 511).optional(), say: 'connections of a task to each provider (default 60)' },
  streams: { shape: whole(1, 10_000).optional(), say: 'streams of a connection to either provider (default 100)' },
  'streams-apns': { shape: whole(1, 10_000).optional(), say: 'streams of a connection to APNs' },
  'per-connection': {
    shape: figure(0).optional(),
    say: 'notifications per second that a connection is good for; 0: no limit (default 1000)',
  },
  'latency-ms': {
    shape: positive.optional(),
    say: 'mean time from a request to its answer, p95 2.3 times p50 (default 80)',
  },
  latency: { shape: curve.optional(), say: 'its p50/p95/p99 instead, ms: 60/150/400' },
  'latency-fcm': { shape: curve.optional(), say: 'the same of FCM alone' },
  'batch-size': { shape: whole(1, 2_000).optional(), say: 'devices of a batch (default 1000)' },
  segments: { shape: whole(1, 1_000).optional(), say: 'segments that are fired at once (default 14)' },
  primed: { shape: figure(0, 1).optional(), say: 'part of the connections that are primed at GO, 0 to 1 (default 1)' },
  'not-after': { shape: positive.optional(), say: 'seconds after which what is unsent is late (default 60)' },
  'pace-apns': { shape: figure(0).optional(), say: 'notifications per second over all tasks; 0: as fast as they can' },
  'pace-fcm': { shape: figure(0).optional(), say: 'the same' },
  'apns-per-second': { shape: figure(0).optional(), say: 'above this APNs answers 429; 0: no limit' },
  'fcm-per-second': { shape: figure(0).optional(), say: 'above this FCM answers 429; 0: no limit' },
  'fcm-per-minute': {
    shape: figure(0).optional(),
    say: "FCM's quota (600000 unless more was granted); 0: no limit (default)",
  },
  'retry-after': { shape: figure(0).default(60), say: 'seconds that a 429 asks for (default 60)' },
  'writes-per-second': {
    shape: positive.optional(),
    say: 'writes that the claims table takes (default 4000: on demand and new)',
  },
  'store-ms': { shape: curve.optional(), say: 'a call of DynamoDB, p50/p95/p99 (default 5/12/25)' },
  'queue-ms': { shape: curve.optional(), say: 'a call of SQS, p50/p95/p99 (default 12/35/80)' },
  dead: { shape: moment.optional(), say: 'tasks that die: 3@1.5, at seconds after GO' },
  slow: { shape: moment.optional(), say: 'tasks that are ready late: 3@2' },
  'bad-tokens': { shape: figure(0, 1).optional(), say: 'part of the tokens that are refused as bad, 0 to 1' },
  storm: { shape: storm.optional(), say: '429 for everybody: fcm@2+3, from 2 s on for 3 s' },
  'sick-connections': {
    shape: whole(0, 511).optional(),
    say: 'connections of each task to each provider that never answer',
  },
  'cost-push-apns': {
    shape: cost(costs.push.ios),
    say: `CPU-µs of a push in a sending thread (default ${costs.push.ios})`,
  },
  'cost-push-fcm': { shape: cost(costs.push.android), say: `the same for FCM (default ${costs.push.android})` },
  'cost-read': { shape: cost(costs.read), say: `of a read that brings answers (default ${costs.read})` },
  'cost-write': { shape: cost(costs.write), say: `of a write of requests (default ${costs.write})` },
  'cost-call': { shape: cost(costs.call), say: `of a call of AWS in the main thread (default ${costs.call})` },
  'cost-batch': {
    shape: cost(costs.batch),
    say: `of a batch in the main thread, besides its calls (default ${costs.batch})`,
  },
  'cost-device': {
    shape: cost(costs.device),
    say: `of a device's outcome in the main thread (default ${costs.device})`,
  },
  'cost-helpers': {
    shape: cost(costs.helpers),
    say: `of compilation and collection, as a part of all that (default ${costs.helpers})`,
  },
  'cost-factor': {
    shape: positive.default(1),
    say: 'all of it times this: a machine that is so many times slower (default 1)',
  },
  rehearsal: {
    shape: reading((text) => ({ ok: true as const, value: text })).optional(),
    say: 'the report of `npm run rehearse -- --report FILE`: play its set-up on its machine, and compare',
  },
  seed: { shape: whole(0, 2 ** 31 - 1).optional(), say: 'the same seed plays the same launch (default 1)' },
  chart: {
    shape: reading((text) =>
      /\.(svg|png)$/.test(text)
        ? { ok: true as const, value: text }
        : { ok: false as const, expected: 'a file that ends in .svg or .png' },
    ).optional(),
    say: 'draws the table, into a file .svg or .png',
  },
} as const;

export const SIMULATE_USAGE = `Usage: npm run size -- --simulate --devices 6000000 --tasks 15 --latency 60/150/400
${usageOf(options)}
  --json              the answers as JSON`;

const TASKS = [1, 2, 5, 10, 15, 20, 30, 50, 100];

export type Outcome = { ok: true; text: string } | { ok: false; problems: string[] };

export async function simulateCommand(args: readonly string[]): Promise<Outcome> {
  const read = readOptions(options, ['json'], args);
  if (!read.ok) return read;
  const { values, flags } = read;
  if (values.rehearsal !== undefined) return compare(values.rehearsal, flags.has('json'));
  try {
    const question = questionFrom(values);
    const rows = (values.tasks ?? TASKS).map((tasks) => ({ tasks, answer: simulate({ ...question, tasks }) }));
    if (values.chart !== undefined) {
      const { drawSizes } = await import('./size-chart.ts');
      await writeFile(values.chart, await drawSizes(question, rows, values.chart.endsWith('.svg') ? 'svg' : 'png'));
    }
    return { ok: true, text: flags.has('json') ? JSON.stringify(rows) : textOf(question, rows) };
  } catch (error) {
    return problemsOf(error);
  }
}

function textOf(question: SimulationQuestion, rows: readonly { tasks: number; answer: SimulationAnswer }[]): string {
  const [first] = rows;
  return rows.length === 1 && first !== undefined
    ? wordsOf({ ...question, tasks: first.tasks }, first.answer)
    : tableOf(rows);
}

async function compare(file: string, json: boolean): Promise<Outcome> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return {
      ok: false,
      problems: [
        `--rehearsal: found no readable file at ${file} (${error instanceof Error ? error.message : String(error)}), expected the report of a rehearsal`,
      ],
    };
  }
  const parsed = rehearsal(text);
  if (!parsed.ok) return { ok: false, problems: parsed.problems.map((problem) => `--rehearsal: ${problem}`) };
  const { question, costs: measured } = questionOf(parsed.report);
  const answer = simulate(question);
  return {
    ok: true,
    text: json ? JSON.stringify({ costs: measured, answer }) : comparison(parsed.report, measured, answer),
  };
}

function problemsOf(error: unknown): Outcome {
  if (error instanceof RangeError && error.message.startsWith('SIMULATION_QUESTION'))
    return { ok: false, problems: error.message.split('\n').slice(1) };
  throw error;
}

type Given = Extract<ReturnType<typeof readOptions<typeof options>>, { ok: true }>['values'];

function questionFrom(given: Given): SimulationQuestion {
  const standard = SIMULATION_DEFAULTS;
  const latency =
    given.latency ?? (given['latency-ms'] === undefined ? standard.latency.ios : curveOfMean(given['latency-ms']));
  const retryAfterMs = given['retry-after'] * SECONDS;
  const streams = given.streams ?? standard.streams.android;
  const cores = given.cores ?? standard.cores;
  return {
    ...standard,
    devices: given.devices ?? standard.devices,
    iosShare: given['platform-share'] ?? standard.iosShare,
    cores,
    threads: given.threads ?? Math.max(1, cores - 1),
    connections: given.connections ?? standard.connections,
    streams: { ios: given['streams-apns'] ?? streams, android: streams },
    perConnection: given['per-connection'] ?? standard.perConnection,
    latency: { ios: latency, android: given['latency-fcm'] ?? latency },
    batchSize: given['batch-size'] ?? standard.batchSize,
    segments: given.segments ?? standard.segments,
    primed: given.primed ?? standard.primed,
    notAfterMs: (given['not-after'] ?? standard.notAfterMs / SECONDS) * SECONDS,
    pace: { ios: given['pace-apns'] ?? 0, android: given['pace-fcm'] ?? 0 },
    limits: {
      ios: { ...NO_LIMITS, perSecond: given['apns-per-second'] ?? 0, retryAfterMs },
      android: { perSecond: given['fcm-per-second'] ?? 0, perMinute: given['fcm-per-minute'] ?? 0, retryAfterMs },
    },
    cloud: {
      writesPerSecond: given['writes-per-second'] ?? standard.cloud.writesPerSecond,
      storeCall: given['store-ms'] ?? standard.cloud.storeCall,
      queueCall: given['queue-ms'] ?? standard.cloud.queueCall,
    },
    faults: {
      dead: given.dead ?? standard.faults.dead,
      slow: given.slow ?? standard.faults.slow,
      badTokens: given['bad-tokens'] ?? 0,
      storm: given.storm === undefined ? null : { ...given.storm, retryAfterMs },
      sickConnections: given['sick-connections'] ?? 0,
    },
    costs: {
      ...costs,
      push: { ios: given['cost-push-apns'], android: given['cost-push-fcm'] },
      read: given['cost-read'],
      write: given['cost-write'],
      call: given['cost-call'],
      batch: given['cost-batch'],
      device: given['cost-device'],
      helpers: given['cost-helpers'],
      factor: given['cost-factor'],
    },
    seed: given.seed ?? standard.seed,
  };
}
