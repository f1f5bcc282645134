import { totalsOf } from './batches.ts';
import type { Totals } from './batches.ts';
import { checkSimulation } from './question.ts';
import type { SimulationQuestion } from './question.ts';
import { largest, noShares } from './waits.ts';
import type { Bound, Shares } from './waits.ts';
import { World } from './world.ts';
import type { CpuSeconds } from './world.ts';

export type { Bound } from './waits.ts';

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
  shares: Shares;
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
/** Plays a launch from the press on. The same answer for the same question, seed included. Throws RangeError `SIMULATION_QUESTION`. */
export function simulate(question: SimulationQuestion): SimulationAnswer {
  checkSimulation(question);
  const world = new World(question);
  world.begin();
  world.timeline.play(question.notAfterMs + AFTERMATH_MS, () => world.isOver);
  const { tally, timeline, cloud } = world;
  for (const { threads } of world.tasks)
    for (const thread of threads) for (const platform of ['ios', 'android'] as const) thread.note(platform);
  const spanMs = Math.max(1, tally.lastWriteMs - (tally.firstWriteMs ?? 0));
  const busy = busyOf(world, Math.max(1, tally.lastWriteMs));
  const { bound, shares } = boundOf(world);
  return {
    totals: totalsOf(world.batches),
    firstMs: tally.firstWriteMs,
    p50Ms: tally.percentile(0.5),
    p95Ms: tally.percentile(0.95),
    p99Ms: tally.percentile(0.99),
    lastMs: tally.lastWriteMs,
    perSecond: (tally.written / spanMs) * 1_000,
    peakPerSecond: tally.peakPerSecond(),
    bound,
    shares,
    busy,
    cpuSeconds: world.cpuSeconds(),
    meanOpen: { ios: tally.openMs.ios / spanMs, android: tally.openMs.android / spanMs },
    calls: cloud.calls,
    throttled: cloud.throttled,
    events: timeline.happened,
  };
}

function busyOf({ cores, tasks }: World, ms: number): SimulationAnswer['busy'] {
  const part = (busyMs: number, of: number) => Math.min(1, busyMs / (of * ms));
  const sending = tasks.flatMap(({ threads }) => threads);
  return {
    cores: part(
      cores.reduce((sum, one) => sum + one.busyMs, 0),
      cores.reduce((sum, { count }) => sum + count, 0),
    ),
    main: part(
      tasks.reduce((sum, { main }) => sum + main.busyMs, 0),
      tasks.length,
    ),
    sending: part(
      sending.reduce((sum, { cpu }) => sum + cpu.busyMs, 0),
      sending.length,
    ),
  };
}

function boundOf({ tasks, cores }: World): { bound: Bound; shares: Shares } {
  const shares = noShares();
  for (const [at, { main, threads }] of tasks.entries()) {
    const own = cores[at] ?? cores[0];
    for (const { waits, cpu, fromMs, untilMs } of threads) {
      // What was busy before its first batch (a dispatcher's work, say) is little beside the rest.
      const part = (busyMs: number) => (fromMs === null ? 0 : Math.min(1, busyMs / Math.max(1, untilMs - fromMs)));
      waits.addTo(shares, {
        cores: part((own?.busyMs ?? 0) / (own?.count ?? 1)),
        main: part(main.busyMs),
        sending: part(cpu.busyMs),
      });
    }
  }
  return largest(shares);
}
