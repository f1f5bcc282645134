import { own } from './decision.ts';
import type { Launch } from './launch.ts';
import { scheduledSteps } from './schedule.ts';

/** Scale-ups that AWS is told of in advance, so that they happen also where no bot lives at their time. */

/** So long after a step's time AWS does it: a bot that lives has done it by then, and has seen what stood there before. */
const AHEAD_GRACE_MS = 120_000;
/** Nearer than this AWS may refuse the time as past by the time it hears of it. */
const LEAST_MS = 10_000;

export interface ScaleAhead {
  step: string;
  target: string;
  count: number;
  /** A whole second. */
  atMs: number;
}

/**
 * Steps up that start by themselves at their time. Not one that waits for others or for a gate, which AWS knows nothing of, nor one
 * that a person has touched; a step down is never AWS's: it waits for people as long as nothing was sent.
 */
export function scaleAhead(launch: Launch, nowMs: number): ScaleAhead[] {
  if (launch.closed || launch.stoodDown !== null) return [];
  const counts = new Map<string, number>();
  return scheduledSteps(launch).flatMap(({ step, dueAtMs }) => {
    const { id, do: act, after = [] } = step;
    if (act.kind !== 'scale' || own(launch.steps, id) !== undefined) return [];
    const before = counts.get(act.target) ?? own(launch.scale, act.target)?.desired ?? 0;
    counts.set(act.target, act.to);
    const atMs = Math.ceil((dueAtMs + AHEAD_GRACE_MS) / 1_000) * 1_000;
    // Not later than a bot would still do it by itself.
    const isAlone = after.length === 0 && step.catch_up_within >= AHEAD_GRACE_MS;
    if (!isAlone || act.to <= before || atMs < nowMs + LEAST_MS) return [];
    return [{ step: id, target: act.target, count: act.to, atMs }];
  });
}
