import type { Entry } from '../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { areSpansHeard, tellSpan, WHOLE_SHOT } from './spans.ts';

/** The key of a shot's press: what the press waited for lies in it. */
export const PRESS = 'press';

/** The shots that an entry is about: its own, or those that a halt ended. */
export function shotsOf(entry: Entry, { shots }: Launch): Shot[] {
  if (entry.kind === 'HaltSet')
    return Object.values(shots).filter(({ closed, haltedAtMs }) => closed === null && haltedAtMs === entry.pressedAtMs);
  const own = 'shotId' in entry ? shots[entry.shotId] : undefined;
  return own === undefined ? [] : [own];
}

/** Of an entry that this process has just appended. Exactly one process appends each, so each span is told once. */
export function tellEntry(entry: Entry, launch: Launch, startMs: number, endMs: number): void {
  if (!areSpansHeard()) return;
  for (const shot of shotsOf(entry, launch)) {
    const place = { launchId: launch.id, shotId: shot.id };
    const within = entry.kind === 'FireApproved' ? { within: PRESS } : {};
    tellSpan({ ...place, ...within, name: `append ${entry.kind}`, startMs, endMs, attributes: { seq: entry.seq } });
    if (entry.kind === 'FireApproved') tellAsk(launch, shot);
    if (entry.kind === 'HaltSet')
      tellSpan({ ...place, name: 'halt', startMs: entry.pressedAtMs, endMs, attributes: { epoch: entry.epoch } });
    if (entry.kind === 'ShotClosed') tellWhole(launch, shot, entry.atMs);
  }
}

function tellAsk({ id: launchId, orders }: Launch, { id: shotId, orderId, pressedAtMs }: Shot): void {
  const order = orders[orderId];
  if (order === undefined) return;
  const attributes = { order: orderId, devices: order.devices };
  tellSpan({ launchId, shotId, name: 'ask', startMs: order.requestedAtMs, endMs: pressedAtMs, attributes });
}

/** From press to close; all other spans of the shot lie in it. */
function tellWhole({ id: launchId }: Launch, shot: Shot, closedAtMs: number): void {
  const sum = (of: 'accepted' | 'failed' | 'uncertain' | 'halted' | 'late' | 'skipped') =>
    (shot.totals ?? []).reduce((total, { totals }) => total + totals[of], 0);
  tellSpan({
    launchId,
    shotId: shot.id,
    name: 'shot',
    key: WHOLE_SHOT,
    startMs: shot.pressedAtMs,
    endMs: closedAtMs,
    attributes: {
      cause: shot.closed?.cause ?? '',
      segments: shot.segments.map(({ segment, attempt }) => `${segment}#${attempt}`).join(' '),
      accepted: sum('accepted'),
      failed: sum('failed'),
      uncertain: sum('uncertain'),
      halted: sum('halted'),
      late: sum('late'),
      skipped: sum('skipped'),
    },
  });
}
