import type { AutomationSeen } from '../../../infra/aws/automations.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { everyStep } from '../../../runbooks/launch/steps.ts';
import type { Step } from '../../../runbooks/playbook/schema.ts';
import { RESERVE } from '../../slack/update-budget.ts';
import { automationMessage } from '../../views/automation.ts';
import { plural, span } from '../../views/words.ts';
import type { Context } from '../context.ts';
import { stepCalls } from '../effects/perform-automation.ts';
import { FACT, fact } from '../facts.ts';
import { callsOf } from '../heard.ts';
import type { Standings } from '../room/standing.ts';

/** Follows the automations that steps have started: shows how far each is, and ends its step when AWS says how it ended, or when it takes too long. */
export class AutomationWatch {
  readonly #context: Context;
  readonly #standings: Standings;
  readonly #seen = new Map<string, AutomationSeen>();
  readonly #shown = new Map<string, string>();

  constructor(context: Context, standings: Standings) {
    this.#context = context;
    this.#standings = standings;
  }

  async look(launch: Launch): Promise<void> {
    await Promise.all(runningOf(launch).map((step) => this.#lookAt(launch, step)));
  }

  async #lookAt(launch: Launch, { id, do: act }: Step): Promise<void> {
    const { cloud, nowMs } = this.#context;
    const executionId = await fact(this.#context, launch.id, FACT.automation(id));
    // It is still to be started, and whoever tries gives up by themselves.
    if (executionId === null || act.kind !== 'automation') return;
    const seen = await cloud.automations.look(executionId);
    this.#seen.set(id, seen);
    const tookMs = nowMs() - (launch.steps[id]?.atMs ?? nowMs());
    const end = endOf(seen, executionId, { tookMs, withinMs: act.within });
    if (end === null) return;
    const aws = await callsOf(this.#context, launch.id, stepCalls(id));
    await this.#context.execute(launch.id, { kind: 'finish-step', step: id, ...end, aws });
  }

  /** Puts what was seen last into the steps' messages. Apart from `look`, which must not wait for Slack. */
  async show(launch: Launch): Promise<void> {
    await Promise.all(runningOf(launch).map(({ id }) => this.#show(launch, id)));
  }

  async #show(launch: Launch, step: string): Promise<void> {
    const seen = this.#seen.get(step);
    if (this.#context.slack === null || seen === undefined) return;
    const news = JSON.stringify(seen);
    if (news === this.#shown.get(step)) return;
    const name = FACT.automationMessage(step);
    const message = () => automationMessage(launch, step, seen);
    if (await this.#standings.show({ launch, name, message, reserve: RESERVE.scale, ifDeleted: 'leave' }))
      this.#shown.set(step, news);
  }
}

const runningOf = (launch: Launch): Step[] =>
  everyStep(launch.runbook).filter(
    ({ id, do: act }) => act.kind === 'automation' && launch.steps[id]?.state === 'started',
  );

/** How its step ends now; null: it goes on. */
function endOf(
  { state, status, steps, say }: AutomationSeen,
  executionId: string,
  { tookMs, withinMs }: { tookMs: number; withinMs: number },
): { say: string; refused?: true } | null {
  const at = steps.find(({ phase }) => phase === (state === 'failed' ? 'failed' : 'running'));
  const why = [...(at === undefined ? [] : [`in its step ${at.name}`]), ...(say === null ? [] : [say])].join(': ');
  const told = why === '' ? '' : `, ${why}`;
  if (state === 'done') return { say: `${plural(steps.length, 'step')} in ${span(tookMs)}, execution ${executionId}` };
  if (state === 'failed') return { say: `AWS ended it as ${status}${told} (execution ${executionId})`, refused: true };
  if (tookMs < withinMs) return null;
  return {
    say: `it has not ended within ${span(withinMs)}${told}. AWS goes on with it: execution ${executionId}`,
    refused: true,
  };
}
