import { MESSAGE_CHARS, segmentOrder, testOrder } from '../../contract/orders.ts';
import type { SegmentOrder, TestOrder } from '../../contract/orders.ts';
import type { Shot } from '../../runbooks/launch/launch.ts';

/** What becomes of an order's message: done, somebody else's (back after so many seconds), nobody's, or refused for good. */
export type Fate = { done: true } | { backSeconds: number; why: string } | { foreign: string } | { refused: string };

/** Why the segment may not be cut, for good, or null. */
export function problemOf(
  { shotId, segment, attempt }: SegmentOrder,
  shot: Shot,
  haltEpoch: number,
  nowMs: number,
): Fate | null {
  const refused = (why: string): Fate => ({ refused: `${shotId} ${segment}: ${why}` });
  if (!shot.segments.some((one) => one.segment === segment && one.attempt === attempt))
    return { foreign: `${shotId} ${segment}: attempt ${attempt} of it was not approved in this shot` };
  if (shot.closed !== null) return refused('the shot is closed');
  const platform = shot.audience.segments.find(({ id }) => id === segment)?.platform;
  if (platform === undefined) return refused('the audience has no such segment');
  if (nowMs >= shot.notAfterAtMs[platform]) return refused('it is late');
  if (shot.haltedAtMs !== null || haltEpoch > shot.haltEpoch) return refused('the shot was halted');
  return null;
}

/** Null: no order of this version. */
export function orderIn(body: string): SegmentOrder | TestOrder | null {
  if (body.length > MESSAGE_CHARS) return null;
  try {
    const json: unknown = JSON.parse(body);
    return segmentOrder.safeParse(json).data ?? testOrder.safeParse(json).data ?? null;
  } catch {
    return null;
  }
}
