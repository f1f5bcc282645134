import { CloudError } from '../../../infra/aws/cloud-error.ts';
import type { Effect } from '../../../runbooks/launch/effects.ts';
import type { AwsCall, ScaleFound } from '../../../runbooks/launch/entries.ts';
import type { Launch, ScaleState } from '../../../runbooks/launch/launch.ts';
import { scaleGoal } from '../../../runbooks/launch/scale-goal.ts';
import type { ScaleTarget } from '../../../runbooks/playbook/schema.ts';
import { clip } from '../../views/words.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';
import { callsOf, keepingCalls } from '../heard.ts';
import { foundBeforeAws } from '../watches/schedule-ahead.ts';
import { GIVE_UP_MS } from './perform-outside.ts';

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
    const found = launch.scaleFound[target.id] ?? (await keepFound(context, launch.id, target, seq));
    const goal = scaleGoal({ ...launch, scaleFound: { ...launch.scaleFound, [target.id]: found } }, target.id);
    await keepingCalls(context, launch.id, callsName(seq), () => context.cloud.scaling.desire(target, goal, found));
  } catch (error) {
    await tell(context, launch, target, standing, error);
    throw error;
  }
  return 'done';
}

/** Of two instances that look, the record takes one. */
async function keepFound(context: Context, launchId: string, target: ScaleTarget, seq: number): Promise<ScaleFound> {
  const found =
    (await foundBeforeAws(context, launchId, target.id)) ??
    (await keepingCalls(context, launchId, callsName(seq), () => context.cloud.scaling.find(target)));
  const acted = await context.execute(launchId, { kind: 'report-scale-found', target: target.id, found });
  const launch = acted.ok ? acted.launch : await context.journal.launch(launchId);
  return launch?.scaleFound[target.id] ?? found;
}

/**
 * What needs a person (a target that is not there, a right, a quota) turns the order's step red, at once; what passes by itself does when
 * AWS has refused for as long as people can wait. Told once an order and cause. It is tried again all the same: every try reads what
 * stands anew, so that whoever mends it in AWS has nothing to press, and a step that has turned red is done when the count has come.
 */
async function tell(
  context: Context,
  launch: Launch,
  target: ScaleTarget,
  { seq, step, orderedAtMs }: ScaleState,
  error: unknown,
): Promise<void> {
  if (!(error instanceof CloudError)) return;
  // Without a cause nobody has refused: an earlier change of ours is under way.
  const passes = error.code === 'SCALE_BUSY';
  if (passes && (error.cause === undefined || context.nowMs() - orderedAtMs < GIVE_UP_MS)) return;
  const told = await fact(context, launch.id, FACT.scaleTold(target.id));
  // What passes says now this and now that: of such an order people have heard.
  if (passes && told?.startsWith(`${seq}: `) === true) return;
  const again = error.code === 'SCALE_TARGET_MISSING' ? '' : AGAIN;
  await turnRed(context, launch, target, { seq, step }, `${clip(error.message, 600)}${again}`, error.message);
}

const AGAIN = '. It is tried again by itself';

/** AWS has taken the order, and starts nothing: a quota, no capacity, tasks that don't stay up. Once an order and cause, as above. */
export async function tellNotStarted(
  context: Context,
  launch: Launch,
  target: ScaleTarget,
  state: ScaleState,
  said: string,
): Promise<void> {
  const words = said.trim().replace(/\.$/, '');
  await turnRed(context, launch, target, state, `AWS starts no more of it: ${clip(words, 600)}${AGAIN}`, words);
}

async function turnRed(
  context: Context,
  launch: Launch,
  target: ScaleTarget,
  { seq, step }: Pick<ScaleState, 'seq' | 'step'>,
  say: string,
  cause: string,
): Promise<void> {
  const news = scaleTrouble(seq, cause);
  if ((await fact(context, launch.id, FACT.scaleTold(target.id))) === news) return;
  const aws = await callsOf(context, launch.id, callsName(seq));
  const ended =
    step === null ? null : await context.execute(launch.id, { kind: 'finish-step', step, say, refused: true, aws });
  if (ended?.ok !== true) {
    const last = aws.at(-1);
    const asked = last === undefined ? '' : ` AWS has the request as ${last.call} ${last.requestId}.`;
    const text = `${target.title ?? target.id} (${target.id}) is not scaled: ${say}.${asked}`;
    await context.execute(launch.id, { kind: 'note', by: null, text });
  }
  // Last: what could not be recorded is told at the next try, and twice is better than never.
  await keepFact(context, launch.id, FACT.scaleTold(target.id), news);
}

const callsName = (seq: number): string => `scale/${seq}`;

/** What AWS was asked for the order of this sequence. */
export const scaleCalls = (context: Context, launchId: string, seq: number): Promise<AwsCall[]> =>
  callsOf(context, launchId, callsName(seq));

const scaleTrouble = (seq: number, say: string): string => clip(`${seq}: ${say}`, 300);

/** AWS has heard of the order of this sequence. */
export const isPerformed = async (context: Context, launchId: string, seq: number): Promise<boolean> =>
  (await fact(context, launchId, `${seq}/scale`)) !== null;

/** Why AWS does not carry out the order of this sequence, as people were told; null: they were told of nothing, or it does by now. */
export async function scaleTroubleOf(
  context: Context,
  launchId: string,
  target: string,
  seq: number,
): Promise<string | null> {
  const told = await fact(context, launchId, FACT.scaleTold(target));
  if (told?.startsWith(`${seq}: `) !== true || (await isPerformed(context, launchId, seq))) return null;
  return told.slice(`${seq}: `.length);
}
