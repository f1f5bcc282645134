import { PLATFORMS } from '../runbooks/launch/entries.ts';
import type { Platform } from '../runbooks/launch/entries.ts';
import type { WorkerReport } from './report.ts';

/** What workers say of their providers, all together. */

export const PROVIDER = { ios: 'apns', android: 'fcm' } as const;

/** What nearly everybody gets from one provider just now. Times are the store's. */
export interface Weather {
  platform: Platform;
  /** `stopped`: no worker that reports may send; `slow`: some may, or all of them less. */
  state: 'slow' | 'stopped';
  /** The provider's word that most workers get. */
  reason: string;
  sinceMs: number;
  /** Workers that have it, of them those that wait, of all that have a lane to this provider. */
  workers: number;
  stopped: number;
  of: number;
  /** Answers of that kind since it began. */
  refused: number;
  /** Devices of claimed batches that wait. */
  waiting: number;
  /** Of the earliest worker that waits; null: a try is under way, or none waits. */
  nextTryAtMs: number | null;
}

type Lane = WorkerReport['lanes'][number];

function lanesTo(reports: readonly WorkerReport[], platform: Platform): { lane: Lane; atMs: number }[] {
  return reports.flatMap(({ lanes, atMs }) =>
    lanes.filter(({ provider }) => provider === PROVIDER[platform]).map((lane) => ({ lane, atMs })),
  );
}

/** `reports`: of workers that are alive, one each. */
export function weatherOf(reports: readonly WorkerReport[], platforms: readonly Platform[] = PLATFORMS): Weather[] {
  return platforms.flatMap((platform) => {
    const all = lanesTo(reports, platform);
    const rough = all.flatMap(({ lane: { weather }, atMs }) =>
      weather === null || weather === undefined ? [] : [{ ...weather, atMs }],
    );
    if (rough.length === 0) return [];
    const stopped = rough.filter(({ state }) => state === 'stopped');
    const tries = stopped.filter(({ againInMs }) => againInMs > 0).map(({ atMs, againInMs }) => atMs + againInMs);
    return [
      {
        platform,
        state: stopped.length === all.length ? ('stopped' as const) : ('slow' as const),
        reason: mostFrequent((stopped.length > 0 ? stopped : rough).map(({ reason }) => reason)),
        sinceMs: Math.min(...rough.map(({ atMs, forMs }) => atMs - forMs)),
        workers: rough.length,
        stopped: stopped.length,
        of: all.length,
        refused: rough.reduce((sum, one) => sum + one.refused, 0),
        waiting: rough.reduce((sum, one) => sum + one.waiting, 0),
        // One that is trying says so by having no time to wait for.
        nextTryAtMs: tries.length < stopped.length || tries.length === 0 ? null : Math.min(...tries),
      },
    ];
  });
}

/** Connections that were given up as sick, since the lanes of these workers opened. */
export interface Sick {
  platform: Platform;
  connections: number;
  /** Of so many that they hold. */ of: number;
  workers: number;
  reason: string;
}

export function sickOf(reports: readonly WorkerReport[], platforms: readonly Platform[] = PLATFORMS): Sick[] {
  return platforms.flatMap((platform) => {
    const all = lanesTo(reports, platform);
    const sick = all.flatMap(({ lane }) =>
      lane.sick === null || lane.sick === undefined || lane.sick.connections === 0 ? [] : [lane.sick],
    );
    if (sick.length === 0) return [];
    const connections = sick.reduce((sum, one) => sum + one.connections, 0);
    return [
      {
        platform,
        connections,
        of: all.reduce((sum, { lane }) => sum + lane.connections, 0),
        workers: sick.length,
        reason: mostFrequent(sick.map(({ reason }) => reason)),
      },
    ];
  });
}

/** The first of them among equals. */
function mostFrequent(reasons: readonly string[]): string {
  const often = new Map<string, number>();
  for (const reason of reasons) often.set(reason, (often.get(reason) ?? 0) + 1);
  return [...often].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? '';
}
