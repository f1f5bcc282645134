import { availableParallelism } from 'node:os';
import { shotFigures } from '../../contract/figures.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { sumTotals } from '../../runbooks/launch/totals.ts';
import type { Journal } from '../aws/journal.ts';
import type { CpuWatch } from './rehearsal-cpu.ts';
import { planKept } from './rehearsal-plan.ts';
import { streamUse } from './rehearsal-report.ts';
import type { RehearsalReport } from './rehearsal-report.ts';
import type { ShotWatch } from './rehearsal-watch.ts';

/** A shot of the rehearsal, and who watched it. */
export interface Watched {
  shot: Shot;
  watch: ShotWatch;
}

/** What was played with. */
export interface SetUp {
  launchId: string;
  startToReadyMs: number;
  workers: number;
  connections: number;
  /** Absent: as many as a worker takes by itself. */
  threads?: number;
  latencyMs: number;
  /** Absent: the plan does not run by itself. */
  compress?: number;
}

/** The report of all shots together; times are those of the largest one. Each shot is closed and has its figures. */
export async function reportOf(
  journal: Journal,
  setUp: SetUp,
  watched: readonly Watched[],
  cpu: CpuWatch,
): Promise<RehearsalReport> {
  const launch = (await journal.launch(setUp.launchId)) as Launch;
  const shots = watched.map(({ shot }) => launch.shots[shot.id] as Shot);
  const main = watched.toSorted((a, b) => devicesOf(b.shot) - devicesOf(a.shot))[0] as Watched;
  const [first, last] = [shots[0] as Shot, shots.at(-1) as Shot];
  const counts = await main.watch.counts();
  const entries = await journal.entries(setUp.launchId);
  const snapshots = [...main.watch.snapshots.values()];
  const { figures } = shotFigures(launch, launch.shots[main.shot.id] as Shot, snapshots, Date.now());
  const halt = entries.find((entry) => entry.kind === 'HaltSet');
  const since = (shot: Shot, atMs: number | null) => (atMs === null ? null : atMs - shot.pressedAtMs);
  const spanMs = counts.firstAtMs === null || counts.lastAtMs === null ? 0 : counts.lastAtMs - counts.firstAtMs;
  const curves = (name: Platform) => snapshots.map(({ platforms }) => platforms[name].curve);
  const use = (name: Platform, provider: 'apns' | 'fcm') =>
    streamUse([...main.watch.streams[provider].values()], setUp.latencyMs, curves(name));
  return {
    devices: sum(shots.map((shot) => devicesOf(shot))),
    platforms: {
      ios: sum(shots.map((shot) => devicesOf(shot, 'ios'))),
      android: sum(shots.map((shot) => devicesOf(shot, 'android'))),
    },
    outcome: outcomeOf(shots),
    provider: { received: counts.received, distinctDevices: counts.distinctDevices, duplicates: counts.duplicates },
    timing: {
      startToReadyMs: setUp.startToReadyMs,
      goToFirstMs: since(first, counts.firstAtMs),
      p50Ms: figures.total.p50Ms,
      p95Ms: figures.total.p95Ms,
      p99Ms: figures.total.p99Ms,
      lastMs: since(last, counts.lastAtMs),
      // Between shots nothing is sent.
      perSecond: shots.length === 1 && spanMs > 0 ? (counts.received / spanMs) * 1_000 : null,
    },
    halt: {
      pressToLastSendMs:
        halt?.kind === 'HaltSet' && counts.lastAtMs !== null ? counts.lastAtMs - halt.pressedAtMs : null,
    },
    workers: { count: setUp.workers, peakRssMb: Math.max(...watched.map(({ watch }) => watch.peakRssMb)) },
    // A worker takes so many threads by itself (workers/config.ts).
    setUp: {
      connections: setUp.connections,
      threads: setUp.threads ?? Math.max(1, availableParallelism() - 1),
      latencyMs: setUp.latencyMs,
      segments: sum(shots.map(({ segments }) => segments.length)),
    },
    cpu: counts.lastAtMs === null ? null : cpu.useUntil(counts.lastAtMs),
    streams: { ios: use('ios', 'apns'), android: use('android', 'fcm') },
    plan: planKept(launch, entries, setUp.compress !== undefined),
    shots: shots.map(({ id, segments }) => ({ id, segments: segments.map(({ segment }) => segment) })),
    entries: entries.length,
    timelinePath: '',
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** Of the segments that it was for. */
function devicesOf({ audience, segments }: Shot, platform?: Platform): number {
  const own = new Set(segments.map(({ segment }) => segment));
  return sum(
    audience.segments
      .filter((one) => own.has(one.id) && (platform === undefined || one.platform === platform))
      .map(({ devices }) => devices),
  );
}

function outcomeOf(shots: readonly Shot[]): RehearsalReport['outcome'] {
  const { accepted, reasons, uncertain, halted, late, skipped } = sumTotals(
    shots.flatMap(({ totals }) => totals ?? []),
  );
  return { accepted, failed: reasons, uncertain, halted, late, skipped };
}
