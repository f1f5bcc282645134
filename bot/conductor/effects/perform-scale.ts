import { CloudError } from '../../../infra/aws/cloud-error.ts';
import type { Effect } from '../../../runbooks/launch/effects.ts';
import type { ScaleFound } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { scaleGoal } from '../../../runbooks/launch/scale-goal.ts';
import type { ScaleTarget } from '../../../runbooks/playbook/schema.ts';
import { clip } from '../../views/words.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';

/**
 * A pool is given to the launch and gets its queues before its workers start: they read both at boot. What stands at the
 * target is in the record before anything is changed there, so that a later order, of any instance, can put it back.
 */
export async function scale(
  context: Context,
  launch: Launch,
  effect: Extract<Effect, { kind: 'scale' }>,
): Promise<string> {
  const target = launch.runbook.scale_targets.find(({ id }) => id === effect.target);
  if (target === undefined) return 'no such target';
  const { desired, seq } = effect;
  const standing = launch.scale[target.id];
  if (standing?.desired !== desired || standing.seq !== seq) return 'a newer order stands';
  try {
    const { pool } = launch.runbook;
    if (pool.scale_target === target.id && desired > 0) {
      await context.cloud.queues.ensurePool(pool.name);
      await context.cloud.live.assignPool(pool.name, launch.id);
    }
    const found = launch.scaleFound[target.id] ?? (await keepFound(context, launch.id, target));
    await context.cloud.scaling.desire(
      target,
      scaleGoal({ ...launch, scaleFound: { ...launch.scaleFound, [target.id]: found } }, target.id),
      found,
    );
  } catch (error) {
    await tell(context, launch, target, seq, error);
    throw error;
  }
  return 'done';
}

/** Of two instances that look, the record takes one. */
async function keepFound(context: Context, launchId: string, target: ScaleTarget): Promise<ScaleFound> {
  const found = await context.cloud.scaling.find(target);
  const acted = await context.execute(launchId, { kind: 'report-scale-found', target: target.id, found });
  const launch = acted.ok ? acted.launch : await context.journal.launch(launchId);
  return launch?.scaleFound[target.id] ?? found;
}

/** A target that is not there, or that AWS refuses to change, needs a person: told once an order and cause. What is only under way is tried again. */
async function tell(context: Context, launch: Launch, target: ScaleTarget, seq: number, error: unknown): Promise<void> {
  const isRationed =
    error instanceof CloudError && error.code === 'SCALE_BUSY' && error.message.startsWith('LimitExceeded');
  if (!(error instanceof CloudError) || (error.code === 'SCALE_BUSY' && !isRationed)) return;
  const news = clip(`${seq}: ${error.message}`, 300);
  if ((await fact(context, launch.id, FACT.scaleTold(target.id))) === news) return;
  await keepFact(context, launch.id, FACT.scaleTold(target.id), news);
  const what = error.code === 'SCALE_TARGET_MISSING' ? '' : 'AWS refuses: ';
  const text = `${target.title ?? target.id} (${target.id}) is not scaled: ${what}${clip(error.message, 600)}.`;
  await context.execute(launch.id, { kind: 'note', by: null, text });
}
