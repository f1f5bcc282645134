import { CloudError } from '../../../infra/aws/cloud-error.ts';
import { SCHEDULED_PREFIX } from '../../../infra/aws/scaling/scheduled-counts.ts';
import type { ScheduledCount } from '../../../infra/aws/scaling/scheduled-counts.ts';
import { canonicalJson } from '../../../runbooks/launch/canonical-json.ts';
import { own } from '../../../runbooks/launch/decision.ts';
import type { ScaleFound } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { scaleAhead } from '../../../runbooks/launch/scale-ahead.ts';
import type { ScaleAhead } from '../../../runbooks/launch/scale-ahead.ts';
import { plannedSteps } from '../../../runbooks/launch/steps.ts';
import { clock } from '../../../runbooks/launch/words.ts';
import type { ScaleTarget } from '../../../runbooks/playbook/schema.ts';
import { clip } from '../../views/words.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';
import { noteOnce } from '../shots/note-once.ts';

/** What is known of a target of which AWS has steps in advance. */
interface Known {
  /** When AWS raises it first. */
  atMs: number;
  /** What stood there when it was looked at last before that. Null: the record has what stood there. */
  found: ScaleFound | null;
  /** Why AWS does not do it, or did not answer; null: it does. */
  says: string | null;
  /** AWS has it, as it said last, or may have where it has not answered yet. */
  does: boolean;
}

/**
 * Keeps AWS told of the steps up that are to come (`runbooks/launch/scale-ahead.ts`), so that they happen also if no bot lives at
 * their time: set when the launch is there, moved with its target, taken away when a step has run, when the launch was called off or
 * is closed, when a changed plan has the target no more or elsewhere, or when another region has it. Two bots that look put the same
 * under the same names.
 */
export class ScheduleAhead {
  readonly #context: Context;
  #isSettled = false;

  constructor(context: Context) {
    this.#context = context;
  }

  /** As of the last look nothing of it is left to be taken away. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  async look(launch: Launch, isElsewhere: boolean): Promise<void> {
    this.#isSettled = false;
    const steps = isElsewhere ? [] : scaleAhead(launch, this.#context.nowMs());
    const wanted = launch.runbook.scale_targets.filter(({ id }) => steps.some(({ target }) => target === id));
    // First what goes: a target may have got another name.
    for (const target of await toldTargets(this.#context, launch.id))
      if (!wanted.some((one) => isSameTarget(one, target))) await this.#takeAway(launch, target);
    for (const target of wanted) {
      const [first, ...others] = steps.filter((step) => step.target === target.id);
      if (first !== undefined) await this.#set(launch, target, [first, ...others]);
    }
    this.#isSettled = (await toldTargets(this.#context, launch.id)).length === 0;
  }

  async #set(launch: Launch, target: ScaleTarget, steps: readonly [ScaleAhead, ...ScaleAhead[]]): Promise<void> {
    const known = await knownOf(this.#context, launch.id, target.id);
    const before = await this.#before(launch, target, known, steps[0].atMs);
    // Before AWS is told, so that what it raises can be put back whoever comes then.
    await this.#keep(launch.id, target.id, { ...before, says: known?.says ?? null, does: known?.does ?? true });
    const told = await toldTargets(this.#context, launch.id);
    if (!told.some((one) => isSameTarget(one, target))) await keepTold(this.#context, launch.id, [...told, target]);
    const { says, does = known?.does ?? false } = await this.#tell(launch, target, steps);
    await this.#keep(launch.id, target.id, { ...before, says, does });
  }

  async #takeAway(launch: Launch, target: ScaleTarget): Promise<void> {
    const gone = await this.#clear(launch, target);
    if (gone === 'not taken back') return;
    const known = await knownOf(this.#context, launch.id, target.id);
    const isOfPlan = launch.runbook.scale_targets.some((one) => isSameTarget(one, target));
    if (known !== null && this.#context.nowMs() >= known.atMs) {
      if (isOfPlan && isUndecided(launch, target.id)) return;
      if (gone === 'taken back' && known.does && own(launch.scale, target.id) === undefined)
        await this.#tellUp(launch, target, isOfPlan, known);
    }
    // Before its time nothing of what stands there is AWS's doing; and what was found elsewhere is not this one's.
    if (known !== null && (this.#context.nowMs() < known.atMs || !isOfPlan))
      await this.#keep(launch.id, target.id, null);
    const told = await toldTargets(this.#context, launch.id);
    await keepTold(
      this.#context,
      launch.id,
      told.filter((one) => !isSameTarget(one, target)),
    );
  }

  async #clear(launch: Launch, target: ScaleTarget): Promise<'taken back' | 'not taken back' | 'no target'> {
    try {
      await this.#context.cloud.scaling.schedule(target, ownerOf(launch), []);
      return 'taken back';
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      // With what is not there its schedule has gone.
      if (error.code === 'SCALE_TARGET_MISSING') return 'no target';
      const head = `AWS may still raise ${target.title ?? target.id} (${target.id}), as it was told in advance, and that can't be taken back: `;
      if (error.code !== 'SCALE_BUSY') await noteOnce(this.#context, launch, head, `${clip(error.message, 600)}.`);
      return 'not taken back';
    }
  }

  /** Nobody has ordered it, so nothing else would ever say that it is up. */
  async #tellUp(launch: Launch, target: ScaleTarget, isOfPlan: boolean, { atMs, found }: Known): Promise<void> {
    const { desired } = await this.#context.cloud.scaling.find(target);
    if (found !== null && desired <= found.desired) return;
    const how = (count: number): string =>
      isOfPlan ? `\`/go scale ${target.id} ${count}\`` : 'the plan has it no more, so lower it in AWS';
    const back = found === null ? '' : ` It stood at ${found.desired}: ${how(found.desired)}.`;
    const head = `${target.title ?? target.id} (${target.id}) is up, and no order of this launch stands: AWS has raised it at ${clock(atMs)}, as it was told in advance. `;
    await noteOnce(this.#context, launch, head, `It costs until somebody lowers it.${back}`);
  }

  async #before(
    launch: Launch,
    target: ScaleTarget,
    known: Known | null,
    atMs: number,
  ): Promise<Pick<Known, 'atMs' | 'found'>> {
    if (launch.scaleFound[target.id] !== undefined) return { atMs, found: null };
    // AWS has raised it since: what stands there now is no longer what was found.
    if (known !== null && this.#context.nowMs() >= known.atMs) return known;
    try {
      return { atMs, found: await this.#context.cloud.scaling.find(target) };
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      return { atMs, found: known?.found ?? null };
    }
  }

  /** What AWS refuses is said once in the room; what it has no schedule for, and a fleet that is not there yet, stand in the plan alone. */
  async #tell(
    launch: Launch,
    target: ScaleTarget,
    steps: readonly ScaleAhead[],
  ): Promise<{ says: string | null; does?: boolean }> {
    const owner = ownerOf(launch);
    const wanted = steps.map(({ step, atMs, count }): ScheduledCount => ({ name: `${owner}${step}`, atMs, count }));
    try {
      const says = await this.#context.cloud.scaling.schedule(target, owner, wanted);
      return { says, does: says === null };
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      const says = clip(error.message, 600);
      const head = `${target.title ?? target.id} (${target.id}) is not scaled by AWS if no bot lives then: `;
      if (error.code === 'SCALE_REFUSED') await noteOnce(this.#context, launch, head, `${says}.`);
      return { says };
    }
  }

  async #keep(launchId: string, target: string, known: Known | null): Promise<void> {
    const text = known === null ? '' : JSON.stringify(known);
    const name = FACT.scheduled(target);
    if ((await fact(this.#context, launchId, name)) !== text) await keepFact(this.#context, launchId, name, text);
  }
}

/** Targets of which AWS may have something of ours, as they were when it was told: the plan may have lost them since. */
async function toldTargets(context: Context, launchId: string): Promise<ScaleTarget[]> {
  return JSON.parse((await fact(context, launchId, FACT.scheduledTargets)) ?? '[]') as ScaleTarget[];
}

const keepTold = (context: Context, launchId: string, targets: readonly ScaleTarget[]): Promise<void> =>
  keepFact(context, launchId, FACT.scheduledTargets, JSON.stringify(targets));

/** A step may still order a count for it. */
const isUndecided = (launch: Launch, target: string): boolean =>
  !launch.closed &&
  launch.stoodDown === null &&
  plannedSteps(launch.runbook).some(
    ({ id, do: act }) =>
      act.kind === 'scale' && act.target === target && !DECIDED.has(own(launch.steps, id)?.state ?? 'ahead'),
  );
const DECIDED: ReadonlySet<string> = new Set(['done', 'skipped']);

/** Under one id, and the same thing in AWS. */
const isSameTarget = (one: ScaleTarget, other: ScaleTarget): boolean => whereOf(one) === whereOf(other);
const whereOf = ({ title: _title, if_changed: _changed, ...where }: ScaleTarget): string => canonicalJson(where);

const ownerOf = ({ id }: Launch): string => `${SCHEDULED_PREFIX}${id}.`;

async function knownOf(context: Context, launchId: string, target: string): Promise<Known | null> {
  const kept = await fact(context, launchId, FACT.scheduled(target));
  return kept === null || kept === '' ? null : (JSON.parse(kept) as Known);
}

/** What stood at a target before AWS raised it by itself. Null: it has not. */
export async function foundBeforeAws(context: Context, launchId: string, target: string): Promise<ScaleFound | null> {
  const known = await knownOf(context, launchId, target);
  return known?.does === true && context.nowMs() >= known.atMs ? known.found : null;
}

/** Steps that AWS does if no bot has, with what keeps it from doing so. */
export async function stepsAhead(context: Context, launch: Launch): Promise<(ScaleAhead & { says: string | null })[]> {
  const seen = await Promise.all(
    scaleAhead(launch, context.nowMs()).map(async (step) => {
      const known = await knownOf(context, launch.id, step.target);
      return known === null ? [] : [{ ...step, says: known.says }];
    }),
  );
  return seen.flat();
}
