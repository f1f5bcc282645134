// Held by `bot/conductor/effects/perform.test.ts`.
import { effectsOf } from '../../../runbooks/launch/effects.ts';
import type { Effect } from '../../../runbooks/launch/effects.ts';
import type { Entry } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import type { Context } from '../context.ts';
import { performCloud } from './perform.ts';
import { tellEffect } from './tell-effect.ts';

/** Must be through before anything else of the same entry: a dispatcher that reads an old halt refuses the order. */
const FIRST: ReadonlySet<Effect['kind']> = new Set(['lift-halt', 'index-launch']);

/**
 * Performs an entry's urgent cloud effects right after its append, without a claim: they are idempotent and the
 * press to push time is what counts. Never rejects; what fails stays for the leader
 * (docs/architecture.md#effects). Gives the ids that are done.
 */
export async function performUrgent(context: Context, launch: Launch, entry: Entry): Promise<string[]> {
  const urgent = effectsOf(entry, launch).filter((effect) => effect.urgent && effect.lane === 'cloud');
  const done: string[] = [];
  const perform = async (effect: Effect) => {
    const startMs = context.nowMs();
    try {
      const result = await performCloud(context, effect, launch);
      tellEffect(entry, launch, effect, { startMs, endMs: context.nowMs(), who: 'appender' });
      await context.cloud.live.finishEffect(entry.launchId, effect.id, result);
      done.push(effect.id);
    } catch (error) {
      context.log.error(
        { launchId: entry.launchId, effect: effect.id, err: error },
        'an urgent effect failed; it is repaired from the record',
      );
    }
  };
  for (const effect of urgent.filter(({ kind }) => FIRST.has(kind))) await perform(effect);
  await Promise.all(urgent.filter(({ kind }) => !FIRST.has(kind)).map(perform));
  return done;
}
