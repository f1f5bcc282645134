import type { Platform } from '../../runbooks/launch/entries.ts';
import type { Delivery } from '../../runbooks/playbook/schema.ts';

/**
 * How fast the pool may send, and which part of that is ours. Android is not iOS: FCM wants a ramp from
 * nothing to the full rate over a minute or more, unless an event quota is on record (FACTS 0.1, 0.2).
 */

/** Messages per second of the whole pool; 0: no limit. `switchPace` 0: as the runbook says. */
export function poolPace(platform: Platform, delivery: Delivery, switchPace: number, sinceGoMs: number): number {
  if (platform === 'ios') return switchPace > 0 ? switchPace : delivery.ios_per_second;
  const quota = delivery.android_event_quota;
  const full = switchPace > 0 ? switchPace : quota?.per_second ?? delivery.android_per_second;
  if (quota !== undefined || full === 0 || delivery.android_ramp === 0) return full;
  const share = Math.min(1, Math.max(0, sinceGoMs) / delivery.android_ramp);
  return Math.max(1, full * share);
}

export interface Share {
  /** Messages per second of this worker; 0: no limit. */
  perSecond: number;
  /** False: others send for now; this worker takes no batch of the platform. */
  active: boolean;
}

/**
 * Divides the pool's pace among the ready workers. When that leaves a worker too little to finish a batch within half of
 * the time that a lease lasts, fewer workers send: otherwise the last batches would go at the pace of one worker each,
 * while the shares of those that have none any more lie idle.
 */
export function shareOf(pace: number, options: { workers: readonly string[]; me: string; batchSize: number; sendWithinMs: number }): Share {
  if (pace === 0) return { perSecond: 0, active: true };
  const { workers, me, batchSize, sendWithinMs } = options;
  const ranked = [...new Set([...workers, me])].toSorted();
  const useful = Math.floor((pace * sendWithinMs) / 1_000 / 2 / batchSize);
  const senders = Math.min(ranked.length, Math.max(1, useful));
  return { perSecond: pace / senders, active: ranked.indexOf(me) < senders };
}
