import { CloudError } from '../../../infra/aws/cloud-error.ts';
import { SCHEDULED_PREFIX } from '../../../infra/aws/scaling/scheduled-counts.ts';
import type { ScheduledCount } from '../../../infra/aws/scaling/scheduled-counts.ts';
import type { ScaleFound } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { scaleAhead } from '../../../runbooks/launch/scale-ahead.ts';
import type { ScaleAhead } from '../../../runbooks/launch/scale-ahead.ts';
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
  /** Why AWS does not do it; null: it does. */
  says: string | null;
}

/**
 * Keeps AWS told of the steps up that are to come (`runbooks/launch/scale-ahead.ts`), so that they happen also if no bot lives at
 * their time: set when the launch is there, moved with its target, taken away when a step has run, when the launch was called off or
 * is closed, or when another region has it. Two bots that look put the same under the same names.
 */
export class ScheduleAhead {
  readonly #context: Context;
  /** Targets of which AWS is known to have nothing of ours. */
  readonly #empty = new Set<string>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** Nothing of it is left to be taken away. */
  isSettled({ runbook: { scale_targets: targets } }: Launch): boolean {
    return targets.every(({ id }) => this.#empty.has(id));
  }

  async look(launch: Launch, isElsewhere: boolean): Promise<void> {
    const steps = isElsewhere ? [] : scaleAhead(launch, this.#context.nowMs());
    for (const target of launch.runbook.scale_targets) {
      const [first, ...others] = steps.filter((step) => step.target === target.id);
      if (first !== undefined) await this.#set(launch, target, [first, ...others]);
      else if (!this.#empty.has(target.id)) await this.#takeAway(launch, target);
    }
  }

  async #set(launch: Launch, target: ScaleTarget, steps: readonly [ScaleAhead, ...ScaleAhead[]]): Promise<void> {
    this.#empty.delete(target.id);
    const known = await knownOf(this.#context, launch.id, target.id);
    const before = await this.#before(launch, target, known, steps[0].atMs);
    // Before AWS is told, so that what it raises can be put back whoever comes then.
    await this.#keep(launch.id, target.id, { ...before, says: known?.says ?? null });
    const says = await this.#tell(launch, target, steps);
    await this.#keep(launch.id, target.id, { ...before, says });
  }

  async #takeAway(launch: Launch, target: ScaleTarget): Promise<void> {
    const known = await knownOf(this.#context, launch.id, target.id);
    if (known !== null) {
      await this.#context.cloud.scaling.schedule(target, ownerOf(launch), []).catch((error: unknown) => {
        // With what is not there its schedule has gone.
        if (!(error instanceof CloudError) || error.code !== 'SCALE_TARGET_MISSING') throw error;
      });
      // Before its time: nothing of what stands there is AWS's doing.
      if (this.#context.nowMs() < known.atMs) await this.#keep(launch.id, target.id, null);
    }
    this.#empty.add(target.id);
  }

  async #before(launch: Launch, target: ScaleTarget, known: Known | null, atMs: number): Promise<Omit<Known, 'says'>> {
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
  async #tell(launch: Launch, target: ScaleTarget, steps: readonly ScaleAhead[]): Promise<string | null> {
    const owner = ownerOf(launch);
    const wanted = steps.map(({ step, atMs, count }): ScheduledCount => ({ name: `${owner}${step}`, atMs, count }));
    try {
      return await this.#context.cloud.scaling.schedule(target, owner, wanted);
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      const says = clip(error.message, 600);
      const head = `${target.title ?? target.id} (${target.id}) is not scaled by AWS if no bot lives then: `;
      if (error.code === 'SCALE_REFUSED') await noteOnce(this.#context, launch, head, `${says}.`);
      return says;
    }
  }

  async #keep(launchId: string, target: string, known: Known | null): Promise<void> {
    const text = known === null ? '' : JSON.stringify(known);
    const name = FACT.scheduled(target);
    if ((await fact(this.#context, launchId, name)) !== text) await keepFact(this.#context, launchId, name, text);
  }
}

const ownerOf = ({ id }: Launch): string => `${SCHEDULED_PREFIX}${id}.`;

async function knownOf(context: Context, launchId: string, target: string): Promise<Known | null> {
  const kept = await fact(context, launchId, FACT.scheduled(target));
  return kept === null || kept === '' ? null : (JSON.parse(kept) as Known);
}

/** What stood at a target before AWS raised it by itself. Null: it has not. */
export async function foundBeforeAws(context: Context, launchId: string, target: string): Promise<ScaleFound | null> {
  const known = await knownOf(context, launchId, target);
  return known !== null && known.says === null && context.nowMs() >= known.atMs ? known.found : null;
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
