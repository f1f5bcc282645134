import type { Platform } from '../runbooks/launch/entries.ts';
import type { Delivery } from '../runbooks/playbook/schema.ts';

/**
 * How fast the pool may send, and which part of that is ours. Android is not iOS: FCM wants a ramp from
 * nothing to the full rate over a minute or more, unless an event quota is on record
 * (docs/facts.md#fcm-ramp, docs/facts.md#fcm-event-quota).
 */

/** Messages per second of the whole pool; 0: no limit. `switchPace` 0: as the runbook says. */
export function poolPace(platform: Platform, delivery: Delivery, switchPace: number, sinceGoMs: number): number {
  if (platform === 'ios') return switchPace > 0 ? switchPace : delivery.ios_per_second;
  const quota = delivery.android_event_quota;
  const full = switchPace > 0 ? switchPace : (quota?.per_second ?? delivery.android_per_second);
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
 * What a worker knows of who else sends, as the roll says it (roll.ts). `fresh`: the leader calls the roll. `kept`: it does no
 * more; the last one stands. `none`: there is none, or one so old that nobody on it may be there any more. `unread`: we have
 * just started. `rank`: our place on the roll, from 0; null: we are not on it. `size`: all that it counts.
 */
export type Sight =
  | { mode: 'fresh' | 'kept'; size: number; rank: number | null }
  | { mode: 'none'; size: number }
  | { mode: 'unread' };

export interface ShareOptions {
  /** Workers that the runbook wants. */ planned: number;
  batchSize: number;
  sendWithinMs: number;
}

/**
 * Divides the pool's pace among those on the roll. When that leaves a worker too little to finish a batch within half of
 * the time that a lease lasts, fewer workers send: otherwise the last batches would go at the pace of one worker each,
 * while the shares of those that have none any more lie idle.
 *
 * All shares together are never more than the pace. So a worker that a fresh roll doesn't name waits until it does: the others
 * have the whole. Without a leader those on the last roll leave room for as many as the runbook wants, and without a roll
 * everybody takes what it would have in a full pool.
 */
export function shareOf(pace: number, sight: Sight, { planned, batchSize, sendWithinMs }: ShareOptions): Share {
  if (pace === 0) return { perSecond: 0, active: true };
  if (sight.mode === 'unread') return { perSecond: pace / planned, active: false };
  const room = sight.mode === 'fresh' ? sight.size : Math.max(sight.size, planned);
  if (sight.mode === 'none') return { perSecond: pace / room, active: true };
  const useful = Math.floor((pace * sendWithinMs) / 1_000 / 2 / batchSize);
  const senders = Math.min(room, Math.max(1, useful));
  const isTurn = sight.rank === null ? sight.mode === 'kept' && senders === room : sight.rank < senders;
  return { perSecond: pace / senders, active: isTurn };
}
