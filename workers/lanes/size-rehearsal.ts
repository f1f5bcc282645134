import { z } from 'zod';
import { COSTS, FOREIGN } from './simulate/costs.ts';
import { SIMULATION_DEFAULTS, type SimulationQuestion } from './simulate/question.ts';
import { simulate, type SimulationAnswer } from './simulate/simulate.ts';
import { seconds } from './size-words.ts';

/** A rehearsal played again by the simulation, on the machine that it had and with the CPU time that it took: how far off it is. */
const report = z.object({
  devices: z.number().positive(),
  platforms: z.object({ ios: z.number(), android: z.number() }),
  outcome: z.object({ accepted: z.number(), failed: z.record(z.string(), z.number()) }),
  timing: z.object({ goToFirstMs: z.number(), p50Ms: z.number(), p95Ms: z.number(), p99Ms: z.number(), perSecond: z.number() }),
  workers: z.object({ count: z.number().int().positive() }),
  setUp: z.object({ connections: z.number(), threads: z.number(), latencyMs: z.number(), segments: z.number() }, 'expected what was played: the report of an older version has no `setUp`, rehearse again'),
  cpu: z.object({ cores: z.number(), seconds: z.number(), parts: z.object({ workers: z.number(), providers: z.number(), cloud: z.number(), bot: z.number() }), machineBusy: z.number() }, 'expected CPU times, which only Linux has'),
});
export type Rehearsal = z.output<typeof report>;

export function rehearsal(text: string): { ok: true; report: Rehearsal } | { ok: false; problems: string[] } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { ok: false, problems: [`found no JSON (${error instanceof Error ? error.message : String(error)}), expected the report of a rehearsal`] };
  }
  const parsed = report.safeParse(json);
  if (parsed.success) return { ok: true, report: parsed.data };
  return { ok: false, problems: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: found ${JSON.stringify(path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], json)) ?? 'nothing'}, ${message}`) };
}

/** The local providers' streams (infra/local/providers) and steps in which they answer. */
const STREAMS = { ios: 1_000, android: 100 };
const STEP_MS = 4;
const STEP_PART = 5;
const LOOPBACK = { kind: 'fixed', ms: 0.5 } as const;
/** The local DynamoDB refuses nothing for its rate. */
const NO_LIMIT = 1e9;

/** The rehearsal's set-up, with the costs as they are and a machine of its own. */
export function setUpOf({ devices, platforms, workers, setUp, outcome, cpu }: Rehearsal): SimulationQuestion {
  const { latencyMs, connections, threads, segments } = setUp;
  const latency = { kind: 'even', fromMs: latencyMs / 2, toMs: latencyMs * 1.5 } as const;
  const bad = Object.values(outcome.failed).reduce((sum, one) => sum + one, 0);
  return {
    ...SIMULATION_DEFAULTS, devices, iosShare: platforms.ios / devices, tasks: workers.count, threads, connections, segments, streams: STREAMS, perConnection: 0,
    latency: { ios: latency, android: latency }, answerStepMs: Math.max(1, Math.min(STEP_MS, Math.floor(latencyMs / STEP_PART))), notAfterMs: 600_000,
    cloud: { writesPerSecond: NO_LIMIT, storeCall: LOOPBACK, queueCall: LOOPBACK }, costs: COSTS,
    faults: { ...SIMULATION_DEFAULTS.faults, badTokens: bad / devices }, shared: { cores: cpu.cores, foreign: FOREIGN },
  };
}

/** With the CPU time that its parts have taken: `factor` is what the workers took of the costs that are documented. */
export function questionOf(played: Rehearsal): { question: SimulationQuestion; factor: number } {
  const question = setUpOf(played);
  const { cpuSeconds, calls } = simulate(question);
  const { parts, seconds: spanSeconds, cores, machineBusy } = played.cpu;
  const factor = parts.workers / cpuSeconds.workers;
  const ours = parts.workers + parts.providers + parts.cloud + parts.bot;
  const others = Math.max(0, machineBusy * cores - ours / spanSeconds);
  const foreign = { push: (parts.providers * 1e6) / played.devices, call: (parts.cloud * 1e6) / calls, steady: parts.bot / spanSeconds + others };
  return { factor, question: { ...question, costs: { ...COSTS, factor }, shared: { cores, foreign } } };
}

export function comparison(played: Rehearsal, factor: number, answer: SimulationAnswer): string {
  const asDocumented = simulate(setUpOf(played));
  const { timing } = played;
  const off = (found: number | null, measured: number) => `${seconds(found)} (${found === null ? '' : `${found >= measured ? '+' : ''}${Math.round((found / measured - 1) * 100)} %`})`;
  const row = (name: string, of: (one: SimulationAnswer) => number | null, measured: number) => [name, seconds(measured), off(of(answer), measured), off(of(asDocumented), measured)];
  const rows = [
    ['', 'rehearsal', 'with its CPU time', 'with the costs as documented'],
    ['---', '--:', '--:', '--:'],
    row('first', ({ firstMs }) => firstMs, timing.goToFirstMs),
    row('p50', ({ p50Ms }) => p50Ms, timing.p50Ms), row('p95', ({ p95Ms }) => p95Ms, timing.p95Ms), row('p99', ({ p99Ms }) => p99Ms, timing.p99Ms),
  ];
  return [
    `${played.devices.toLocaleString('en-US')} devices, ${played.workers.count} workers on ${played.cpu.cores} cores that providers, cloud and bot share.`,
    `The workers took ${factor.toFixed(2)} times the CPU time that is documented: give --cost-factor ${factor.toFixed(2)} for this machine.`,
    '', ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}
