import { z } from 'zod';
import { counts } from '../../runbooks/launch/counts.ts';
import { COSTS, FOREIGN } from './simulate/costs.ts';
import type { Costs } from './simulate/costs.ts';
import { SIMULATION_DEFAULTS } from './simulate/question.ts';
import type { SimulationQuestion } from './simulate/question.ts';
import { simulate } from './simulate/simulate.ts';
import type { SimulationAnswer } from './simulate/simulate.ts';
import { seconds } from './size-words.ts';

/** A rehearsal played again by the simulation, on the machine that it had and with the CPU time that it took: how far off it is. */
const report = z.object({
  devices: z.number().positive(),
  platforms: z.object({ ios: z.number(), android: z.number() }),
  outcome: z.object({ accepted: z.number(), failed: counts }),
  timing: z.object({
    goToFirstMs: z.number(),
    p50Ms: z.number(),
    p95Ms: z.number(),
    p99Ms: z.number(),
    perSecond: z.number(),
  }),
  workers: z.object({ count: z.number().int().positive() }),
  setUp: z.object(
    { connections: z.number(), threads: z.number(), latencyMs: z.number(), segments: z.number() },
    'expected what was played: the report of an older version has no `setUp`, rehearse again',
  ),
  cpu: z.object(
    {
      cores: z.number(),
      seconds: z.number(),
      parts: z.object({ workers: z.number(), providers: z.number(), cloud: z.number(), bot: z.number() }),
      machineBusy: z.number(),
      workerThreads: z.object({ main: z.number(), sending: z.number(), helpers: z.number() }),
    },
    'expected CPU times, which only Linux has',
  ),
});
export type Rehearsal = z.output<typeof report>;

export function rehearsal(text: string): { ok: true; report: Rehearsal } | { ok: false; problems: string[] } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return {
      ok: false,
      problems: [
        `found no JSON (${error instanceof Error ? error.message : String(error)}), expected the report of a rehearsal`,
      ],
    };
  }
  const parsed = report.safeParse(json);
  if (parsed.success) return { ok: true, report: parsed.data };
  return {
    ok: false,
    problems: parsed.error.issues.map(
      ({ path, message }) =>
        `${path.join('.')}: found ${JSON.stringify(path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], json)) ?? 'nothing'}, ${message}`,
    ),
  };
}

/** The local providers' streams (infra/local/providers) and steps in which they answer. */
const STREAMS = { ios: 1_000, android: 100 };
const STEP_MS = 4;
const STEP_PART = 5;
const LOOPBACK = { kind: 'fixed', ms: 0.5 } as const;
/** The local DynamoDB refuses nothing for its rate. */
const NO_LIMIT = 1e9;
/** Beyond this part of a machine that others have the figures say nothing. */
const OTHERS_MOST = 0.9;

/** The rehearsal's set-up, with the costs as they are and a machine of its own. */
function setUpOf({ devices, platforms, workers, setUp, outcome, cpu }: Rehearsal): SimulationQuestion {
  const { latencyMs, connections, threads, segments } = setUp;
  const latency = { kind: 'even', fromMs: latencyMs / 2, toMs: latencyMs * 1.5 } as const;
  const bad = Object.values(outcome.failed).reduce((sum, one) => sum + one, 0);
  return {
    ...SIMULATION_DEFAULTS,
    devices,
    iosShare: platforms.ios / devices,
    tasks: workers.count,
    threads,
    connections,
    segments,
    streams: STREAMS,
    perConnection: 0,
    latency: { ios: latency, android: latency },
    answerStepMs: Math.max(1, Math.min(STEP_MS, Math.floor(latencyMs / STEP_PART))),
    notAfterMs: 600_000,
    cloud: { writesPerSecond: NO_LIMIT, storeCall: LOOPBACK, queueCall: LOOPBACK },
    costs: COSTS,
    faults: { ...SIMULATION_DEFAULTS.faults, badTokens: bad / devices },
    shared: { cores: cpu.cores, foreign: FOREIGN },
  };
}

/** With the CPU time that its parts have taken, thread by thread. */
export function questionOf(played: Rehearsal): { question: SimulationQuestion; costs: Costs } {
  const question = setUpOf(played);
  const { cpuSeconds, calls } = simulate(question);
  const { parts, workerThreads, seconds: spanSeconds, cores, machineBusy } = played.cpu;
  // Without threads the main thread has sent, too.
  const mainTimes =
    played.setUp.threads === 0
      ? (workerThreads.main + workerThreads.sending) / cpuSeconds.main
      : workerThreads.main / cpuSeconds.main;
  const sendingTimes = played.setUp.threads === 0 ? mainTimes : workerThreads.sending / cpuSeconds.sending;
  const costs = {
    ...COSTS,
    push: { ios: COSTS.push.ios * sendingTimes, android: COSTS.push.android * sendingTimes },
    read: COSTS.read * sendingTimes,
    write: COSTS.write * sendingTimes,
    call: COSTS.call * mainTimes,
    batch: COSTS.batch * mainTimes,
    device: COSTS.device * mainTimes,
    authority: COSTS.authority * sendingTimes,
    helpers: workerThreads.helpers / (workerThreads.main + workerThreads.sending),
  };
  // Other processes make the machine slower by what they take of it.
  const others = Math.min(
    OTHERS_MOST,
    Math.max(0, machineBusy - (parts.workers + parts.providers + parts.cloud + parts.bot) / spanSeconds / cores),
  );
  const times = 1 / (1 - others);
  const foreign = {
    push: ((parts.providers * 1e6) / played.devices) * times,
    call: ((parts.cloud * 1e6) / calls) * times,
    steady: Math.min(1, (parts.bot / spanSeconds) * times),
  };
  return { costs, question: { ...question, costs: { ...costs, factor: times }, shared: { cores, foreign } } };
}

/** The costs as they are given on the command line. */
function costArguments({ push, read, write, call, batch, device, helpers }: Costs): string {
  const two = (value: number) => String(Number(value.toPrecision(3)));
  return `--cost-push-apns ${two(push.ios)} --cost-push-fcm ${two(push.android)} --cost-read ${two(read)} --cost-write ${two(write)} --cost-call ${two(call)} --cost-batch ${two(batch)} --cost-device ${two(device)} --cost-helpers ${two(helpers)}`;
}

export function comparison(played: Rehearsal, costs: Costs, answer: SimulationAnswer): string {
  const asDocumented = simulate(setUpOf(played));
  const { timing } = played;
  const us = (cpuSeconds: number) => ((cpuSeconds * 1e6) / played.devices).toFixed(1);
  const off = (found: number | null, measured: number) =>
    `${seconds(found)} (${found === null ? '' : `${found >= measured ? '+' : ''}${Math.round((found / measured - 1) * 100)} %`})`;
  const row = (name: string, of: (one: SimulationAnswer) => number | null, measured: number) => [
    name,
    seconds(measured),
    off(of(answer), measured),
    off(of(asDocumented), measured),
  ];
  const rows = [
    ['', 'rehearsal', 'with its CPU time', 'with the costs as documented'],
    ['---', '--:', '--:', '--:'],
    row('first', ({ firstMs }) => firstMs, timing.goToFirstMs),
    row('p50', ({ p50Ms }) => p50Ms, timing.p50Ms),
    row('p95', ({ p95Ms }) => p95Ms, timing.p95Ms),
    row('p99', ({ p99Ms }) => p99Ms, timing.p99Ms),
  ];
  return [
    `${played.devices.toLocaleString('en-US')} devices, ${played.workers.count} workers on ${played.cpu.cores} cores that providers, cloud and bot share.`,
    `A push took ${us(played.cpu.workerThreads.main)} µs of main threads, ${us(played.cpu.workerThreads.sending)} of sending threads and ${us(played.cpu.workerThreads.helpers)} of V8's helpers. As costs:`,
    costArguments(costs),
    '',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}
