import { PRESS, shotsOf } from '../../../infra/watch/entry-spans.ts';
import { areSpansHeard, tellSpan } from '../../../infra/watch/spans.ts';
import type { Effect } from '../../../runbooks/launch/effects.ts';
import type { Entry } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';

/** In the shot's trace: an effect that was performed, by whoever appended its entry (the press waits for it) or by the leader. */
export function tellEffect(
  entry: Entry,
  launch: Launch,
  { kind, seq }: Effect,
  { startMs, endMs, who }: { startMs: number; endMs: number; who: 'appender' | 'leader' },
): void {
  if (!areSpansHeard()) return;
  const isWaitedFor = who === 'appender' && entry.kind === 'FireApproved';
  for (const { id } of shotsOf(entry, launch))
    tellSpan({
      launchId: launch.id,
      shotId: id,
      name: `effect ${kind}`,
      ...(isWaitedFor ? { within: PRESS } : {}),
      startMs,
      endMs,
      attributes: { seq, who },
    });
}
