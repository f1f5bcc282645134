import type { Launch } from '../runbooks/launch/launch.ts';
import { scaleGoal } from '../runbooks/launch/scale-goal.ts';
import { fresh } from './liveness.ts';
import type { WorkerReport } from './report.ts';

/** What alarms want to know of a launch's workers, by what they report. */
export interface PoolSigns {
  WorkersMissing: number;
  HaltUnconfirmed: number;
}

/** A halt reaches a worker within a second (docs/promises.md); after twice that somebody must be told. */
const HALT_READ_WITHIN_MS = 2_000;

export function poolSigns(launch: Launch, reports: readonly WorkerReport[], nowMs: number): PoolSigns {
  const alive = fresh(reports, nowMs);
  return {
    WorkersMissing: Math.max(0, comeBefore(launch) - alive.length),
    HaltUnconfirmed:
      launch.halt.active && nowMs - launch.halt.atMs > HALT_READ_WITHIN_MS
        ? alive.filter(
            ({ atMs, switchReadAgoMs }) => switchReadAgoMs === null || atMs - switchReadAgoMs < launch.halt.atMs,
          ).length
        : 0,
  };
}

/** Those that were ordered and had come. A pool that nobody has raised, or that was lowered again, misses nobody. */
function comeBefore(launch: Launch): number {
  const { scale_target: target, workers } = launch.runbook.pool;
  if (launch.closed || launch.scale[target]?.state !== 'reached') return 0;
  const { count, holds } = scaleGoal(launch, target);
  return holds ? Math.min(count, workers) : 0;
}

/** Of one worker. */
export function workerSigns(report: WorkerReport): {
  InFlight: number;
  ProviderStopped: number;
  SickConnections: number;
  SwitchAge?: number;
} {
  return {
    InFlight: report.lanes.reduce((sum, lane) => sum + lane.inFlight, 0),
    ProviderStopped: report.lanes.filter(({ weather }) => weather?.state === 'stopped').length,
    SickConnections: report.lanes.reduce((sum, lane) => sum + (lane.sick?.connections ?? 0), 0),
    ...(report.switchReadAgoMs === null ? {} : { SwitchAge: report.switchReadAgoMs }),
  };
}
