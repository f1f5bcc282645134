import { totalsOf, type Totals } from './batches.ts';
import { checkSimulation, type SimulationQuestion } from './question.ts';
import type { Wait } from './tally.ts';
import { World, type CpuSeconds } from './world.ts';

export type Bound = 'go' | 'queue' | 'main thread' | 'cores' | 'streams' | 'connections' | 'provider' | 'pace';

/** Times in ms since the press. */
export interface SimulationAnswer {
  totals: Totals;
  firstMs: number | null;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  lastMs: number;
  /** Devices from the first to the last write. */
  perSecond: number;
  peakPerSecond: number;
  /** What lanes with something left to do waited for longest, and for which part of their time each. */
  bound: Bound;
  shares: Record<Bound, number>;
  /** Parts of the time until the last write that cores, main and sending threads of tasks were busy. */
  busy: { cores: number; main: number; sending: number };
  cpuSeconds: CpuSeconds;
  /** Requests under way on average while there were any. */
  meanOpen: { ios: number; android: number };
  calls: number;
  throttled: number;
  /** How many moments were played. */
  events: number;
}

/** After the window: answers that are under way, leases of the dead, accounts. */
const AFTERMATH_MS = 30_000;
/** A task is at the end of its cores, or of its main thread, from here on: its lanes then wait for that, whatever is on its way to them. */
const FULL = 0.85;

/** Plays a launch from the press on. The same answer for the same question, seed included. Throws RangeError `SIMULATION_QUESTION`. */
export function simulate(question: SimulationQuestion): SimulationAnswer {
  checkSimulation(question);
  const world = new World(question);
  world.begin();
  world.timeline.play(question.notAfterMs + AFTERMATH_MS, () => world.isOver);
  const { tally, timeline, cloud } = world;
  for (const { threads } of world.tasks) for (const thread of threads) for (const platform of ['ios', 'android'] as const) thread.note(platform);
  const spanMs = Math.max(1, tally.lastWriteMs - (tally.firstWriteMs ?? 0));
  const busy = busyOf(world, Math.max(1, tally.lastWriteMs));
  const { bound, shares } = boundOf((wait) => tally.waits(wait), busy);
  return {
    totals: totalsOf(world.batches),
    firstMs: tally.firstWriteMs, p50Ms: tally.percentile(0.5), p95Ms: tally.percentile(0.95), p99Ms: tally.percentile(0.99), lastMs: tally.lastWriteMs,
    perSecond: (tally.written / spanMs) * 1_000, peakPerSecond: tally.peakPerSecond(), bound, shares, busy, cpuSeconds: world.cpuSeconds(),
    meanOpen: { ios: tally.openMs.ios / spanMs, android: tally.openMs.android / spanMs },
    calls: cloud.calls, throttled: cloud.throttled, events: timeline.happened,
  };
}

function busyOf({ cores, tasks }: World, ms: number): SimulationAnswer['busy'] {
  const part = (busyMs: number, of: number) => Math.min(1, busyMs / (of * ms));
  const sending = tasks.flatMap(({ threads }) => threads);
  return {
    cores: part(cores.reduce((sum, one) => sum + one.busyMs, 0), cores.reduce((sum, { count }) => sum + count, 0)),
    main: part(tasks.reduce((sum, { main }) => sum + main.busyMs, 0), tasks.length),
    sending: part(sending.reduce((sum, { cpu }) => sum + cpu.busyMs, 0), sending.length),
  };
}

/** Who waits for messages while its cores are full waits for the cores. */
function boundOf(waited: (wait: Wait) => number, busy: SimulationAnswer['busy']): Pick<SimulationAnswer, 'bound' | 'shares'> {
  const starvedBy: Bound = busy.cores >= FULL ? 'cores' : busy.main >= FULL ? 'main thread' : 'queue';
  const shares: Record<Bound, number> = { 'go': waited('go'), 'queue': 0, 'main thread': waited('main'), 'cores': waited('cores'), 'streams': waited('streams'), 'connections': waited('connections'), 'provider': waited('provider'), 'pace': waited('pace') };
  shares[starvedBy] += waited('queue');
  const sum = Object.values(shares).reduce((all, one) => all + one, 0);
  for (const name of Object.keys(shares) as Bound[]) shares[name] = sum === 0 ? 0 : shares[name] / sum;
  const bound = (Object.keys(shares) as Bound[]).reduce((most, one) => (shares[one] > shares[most] ? one : most));
  return { bound, shares };
}
