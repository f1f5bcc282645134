import { COMPRESS_MOST } from '../../../runbooks/launch/lifecycle.ts';
import { stepDueAtMs, targetOf } from '../../../runbooks/launch/plan-times.ts';
import type { Runbook } from '../../../runbooks/playbook/schema.ts';

/** When a plan is played here: T, and how many times faster than it is written. */
export interface PlayTimes {
  targetAtMs: number;
  compress: number;
}

/** What is before T takes so long, unless somebody says how many times faster. */
const DAY_MS = 60_000;
/** From the start to the first step: until then there is a room to read it in. */
const HEAD_MS = 15_000;

/**
 * Compressed, the plan begins now and T comes when it comes; in real time (1) T is the runbook's own target, which must be to
 * come, or without one so far ahead that every step is. Throws with what was found and what was expected.
 */
export function playTimes(runbook: Runbook, compress: number | null, nowMs: number): PlayTimes {
  const beforeMs = beforeTargetMs(runbook);
  const { target } = runbook;
  if (compress === 1 && target !== undefined) {
    if (target.atMs > nowMs) return { targetAtMs: target.atMs, compress };
    throw new Error(
      `--compress: found 1, which is real time, and the runbook's target ${new Date(target.atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC is over; expected a larger number, which plays the plan from now on, or a target that is still to come`,
    );
  }
  const times = compress ?? Math.min(COMPRESS_MOST, Math.max(1, Math.ceil(beforeMs / DAY_MS)));
  return { targetAtMs: nowMs + HEAD_MS + Math.round(beforeMs / times), compress: times };
}

/** How long before T the first step is, or the first market's own T, as written. 0: nothing is before T. */
export function beforeTargetMs(runbook: Runbook): number {
  const targetAtMs = runbook.target?.atMs ?? 0;
  const clock = { targetAtMs, compress: 1, runbook };
  const due = runbook.phases.flatMap(({ steps }) => steps).map((step) => stepDueAtMs(clock, step));
  const own = Object.keys(runbook.targets ?? {}).map((name) => targetOf(clock, name));
  return Math.max(0, targetAtMs - Math.min(...due, ...own));
}

/** How far from a quarter hour its gates want GO to be asked for. 0: none does. */
export function apartFromQuarters({ gates }: Runbook): number {
  return Math.max(0, ...gates.map(({ probe }) => (probe?.kind === 'quarter-hours' ? probe.apart : 0)));
}

const QUARTER_MS = 15 * 60_000;
/** From T until GO is asked for and pressed. */
const ASKING_MS = 30_000;

/** That moment, or the first after it at which such a gate lets GO be asked for. */
export function clearOfQuarters(runbook: Runbook, atMs: number): number {
  const apartMs = apartFromQuarters(runbook);
  const nearestMs = Math.round((atMs + ASKING_MS) / QUARTER_MS) * QUARTER_MS;
  const isNear = apartMs > 0 && atMs > nearestMs - apartMs - ASKING_MS && atMs < nearestMs + apartMs;
  return isNear ? nearestMs + apartMs : atMs;
}
