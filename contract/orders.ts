import { z } from 'zod';
import { BY_NEWER } from '../runbooks/launch/fold-error.ts';

/**
 * Messages on the queues. They are wake-ups and carry no authority: whoever receives one reads the record
 * (docs/decisions/wake-ups-carry-no-authority.md).
 */

const attempt = z.number().int().min(1).max(99_999);

/**
 * Whoever may write to a queue may write anything, so an id has a length that it can't exceed. Real ones are shorter: a
 * launch is a runbook's id and a day, 51 characters and a number; a shot `S` and its sequence; a segment 40; a batch its segment and a number.
 */
const ID_CHARS = { launch: 80, shot: 20, test: 20, segment: 40, batch: 60 } as const;
const idOf = (of: keyof typeof ID_CHARS) => z.string().min(1).max(ID_CHARS[of]);

/** Longer than any message of ours: not even looked into. */
export const MESSAGE_CHARS = 1_024;

/** FIFO queue `<pool>-segments.fifo`. Dedup id and group id: launch/segment/attempt. */
export const segmentOrder = z.strictObject({
  v: z.literal(1),
  launchId: idOf('launch'),
  shotId: idOf('shot'),
  segment: idOf('segment'),
  attempt,
});
export type SegmentOrder = z.output<typeof segmentOrder>;

/** Same FIFO queue: asks one worker for test copies of the launch's content. Dedup id and group: launch/test/<id>. */
export const testOrder = z.strictObject({ v: z.literal(1), launchId: idOf('launch'), testId: idOf('test') });
export type TestOrder = z.output<typeof testOrder>;

/** Standard queue of the batch's platform, `<pool>-batches-ios` or `-android`: neither provider's pace can hold up the other's batches. */
export const batchMessage = z.strictObject({
  v: z.literal(1),
  launchId: idOf('launch'),
  shotId: idOf('shot'),
  segment: idOf('segment'),
  attempt,
  batch: idOf('batch'),
});
export type BatchMessage = z.output<typeof batchMessage>;

/** The claim's partition key: one item per batch and attempt, never the order's or the shot's id. */
export function claimKey(launchId: string, segment: string, attemptNumber: number, batch: string): string {
  return `${launchId}/${segment}/${attemptNumber}/${batch}`;
}

export function segmentDedupId(order: Pick<SegmentOrder, 'launchId' | 'segment' | 'attempt'>): string {
  return `${order.launchId}/${order.segment}/${order.attempt}`;
}

/**
 * Why a body is none of the messages above, in words: of a newer version, or what nobody here knows. Whoever wrote a newer one has the
 * record too, and finds there what was not done.
 */
export function unreadable(body: string, kind: 'order' | 'batch'): string {
  const queue = kind === 'order' ? 'segment queue' : 'batch queue';
  const version = versionIn(body);
  return version !== null && version > 1
    ? `a message on the ${queue} has version ${version}, and this process knows version 1: ${BY_NEWER}`
    : `a message on the ${queue} is no ${kind} of this version: ${body.slice(0, 300)}`;
}

function versionIn(body: string): number | null {
  if (body.length > MESSAGE_CHARS) return null;
  try {
    const found = (JSON.parse(body) as { v?: unknown } | null)?.v;
    return Number.isSafeInteger(found) ? (found as number) : null;
  } catch {
    return null;
  }
}
