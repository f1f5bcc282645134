import { fresh, isReady } from '../../../contract/liveness.ts';
import { CloudError } from '../../../infra/aws/cloud-error.ts';
import type { ScaleObservation } from '../../../infra/aws/scaling/scaling-kind.ts';
import type { Launch, ScaleState } from '../../../runbooks/launch/launch.ts';
import { scaleGoal } from '../../../runbooks/launch/scale-goal.ts';
import { backupOf, lateAfterMs } from '../../../runbooks/launch/scale-late.ts';
import type { ScaleTarget } from '../../../runbooks/playbook/schema.ts';
import { RESERVE } from '../../slack/update-budget.ts';
import { scaleProgressMessage } from '../../views/scale-progress.ts';
import type { ScaleProgress } from '../../views/scale-progress.ts';
import type { Context } from '../context.ts';
import { isPerformed, scaleCalls, scaleTroubleOf, tellNotStarted } from '../effects/perform-scale.ts';
import { FACT } from '../facts.ts';
import type { Standings } from '../room/standing.ts';
import { workerReports } from '../worker-reports.ts';

/** Watches what was ordered arrive, says so in the order's message, and records when it is there or late. */
export class ScaleWatch {
  readonly #context: Context;
  readonly #standings: Standings;
  readonly #shown = new Map<string, string>();
  readonly #lowered = new Map<string, number>();
  readonly #progress = new Map<string, { state: ScaleState; observed: ScaleObservation; ready: number | null }>();

  constructor(context: Context, standings: Standings) {
    this.#context = context;
    this.#standings = standings;
  }

  async look(launch: Launch): Promise<void> {
    const moving = Object.entries(launch.scale).filter(([, state]) => state.state !== 'reached');
    await Promise.all(moving.map(([target, state]) => this.#lookAt(launch, target, state)));
  }

  async #lookAt(launch: Launch, targetId: string, state: ScaleState): Promise<void> {
    const target = launch.runbook.scale_targets.find(({ id }) => id === targetId);
    if (target === undefined) return;
    const { nowMs } = this.#context;
    const observed = await this.#observe(target);
    const ready = launch.runbook.pool.scale_target === targetId ? await this.#readyWorkers(launch) : null;
    const sinceMs = nowMs() - state.orderedAtMs;
    // Until AWS has heard of it, what it shows is what stood there before.
    if (hasArrived(launch, targetId, observed, ready) && (await isPerformed(this.#context, launch.id, state.seq))) {
      // The end of the message is an effect of that entry.
      await this.#context.execute(launch.id, {
        kind: 'report-scale',
        target: targetId,
        desired: state.desired,
        tookMs: sinceMs,
        stands: observed.desired,
        aws: await scaleCalls(this.#context, launch.id, state.seq),
      });
      return;
    }
    // What ECS said before the order was about another one.
    const { refused } = observed;
    if (refused !== undefined && refused.atMs >= state.orderedAtMs)
      await tellNotStarted(this.#context, launch, target, state, refused.say);
    let now = state;
    if (state.state === 'moving' && sinceMs >= lateAfterMs(launch, targetId, state)) {
      const acted = await this.#context.execute(launch.id, {
        kind: 'report-scale-late',
        target: targetId,
        desired: state.desired,
        running: observed.running,
        ready: ready ?? observed.running,
        backup: backupOf(launch, targetId),
      });
      if (acted.ok) now = acted.launch.scale[targetId] ?? state;
    }
    const trouble = await scaleTroubleOf(this.#context, launch.id, targetId, state.seq);
    const seen = observed.say === null && trouble !== null ? { ...observed, say: trouble } : observed;
    this.#progress.set(targetId, { state: now, observed: seen, ready });
  }

  /** A target that can't be looked at (it is missing, AWS refuses) is late like any other, and its message says why. */
  async #observe(target: ScaleTarget): Promise<ScaleObservation> {
    try {
      return await this.#context.cloud.scaling.observe(target);
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      return { desired: 0, running: 0, pending: 0, say: error.message, busy: true };
    }
  }

  /** Counts that had come and that somebody else has lowered since. Twice in a row: AWS may show an old figure. */
  async lookAtReached(launch: Launch): Promise<void> {
    const reached = Object.entries(launch.scale).filter(
      ([target, { state }]) => state === 'reached' && scaleGoal(launch, target).holds,
    );
    await Promise.all(reached.map(([target, state]) => this.#lookForChange(launch, target, state)));
  }

  async #lookForChange(launch: Launch, targetId: string, state: ScaleState): Promise<void> {
    const target = launch.runbook.scale_targets.find(({ id }) => id === targetId);
    if (target === undefined) return;
    const { desired, busy = false } = await this.#observe(target);
    const { count } = scaleGoal(launch, targetId);
    const lowered = !busy && desired < count ? desired : null;
    const wasSeen = lowered !== null && this.#lowered.get(targetId) === lowered;
    if (lowered === null) this.#lowered.delete(targetId);
    else this.#lowered.set(targetId, lowered);
    if (!wasSeen || state.told === lowered) return;
    this.#lowered.delete(targetId);
    await this.#context.execute(launch.id, {
      kind: 'report-scale-changed',
      target: targetId,
      desired: state.desired,
      found: lowered,
    });
  }

  async #readyWorkers(launch: Launch): Promise<number> {
    const reports = await workerReports(this.#context, launch);
    return fresh(reports, this.#context.nowMs()).filter((report) => isReady(report, launch)).length;
  }

  /** Puts what was seen last into the orders' messages. Apart from `look`, which must not wait for Slack. */
  async show(launch: Launch): Promise<void> {
    const moving = Object.entries(launch.scale).filter(([, state]) => state.state !== 'reached');
    await Promise.all(moving.map(([target]) => this.#show(launch, target)));
  }

  async #show(launch: Launch, target: string): Promise<void> {
    const { slack, nowMs } = this.#context;
    const last = this.#progress.get(target);
    // What was seen of an earlier order is not shown in the message of a newer one.
    if (slack === null || last === undefined || last.state.orderedAtMs !== launch.scale[target]?.orderedAtMs) return;
    const { state, observed, ready } = last;
    // The time since the order alone is no news.
    const news = JSON.stringify({ state, observed, ready });
    if (news === this.#shown.get(target)) return;
    const progress: ScaleProgress = { state, observed, ready, backup: backupOf(launch, target), nowMs: nowMs() };
    const message = () => scaleProgressMessage(launch, target, progress);
    if (
      await this.#standings.show({
        launch,
        name: FACT.scale(target),
        message,
        reserve: RESERVE.scale,
        ifDeleted: 'leave',
      })
    )
      this.#shown.set(target, news);
  }
}

/**
 * RUNNING is not ready (docs/facts.md#ecs-running): the pool has arrived when its workers hold the launch's audience.
 * Without an audience they can't, so running counts.
 */
function hasArrived(launch: Launch, target: string, observed: ScaleObservation, ready: number | null): boolean {
  const { count, lowers, holds } = scaleGoal(launch, target);
  const { desired, running, largest = 1, busy = false } = observed;
  if (busy) return false;
  // Weights may bring more than was asked for, by less than one instance. What its own scaling adds on top is its own.
  if (lowers && running - desired >= largest) return false;
  // Given back, its own scaling has it: it is there when AWS has what AWS wants.
  if (!holds) return running >= desired;
  const there = ready === null || launch.audience === null ? running : Math.min(running, ready);
  return desired >= count && there >= count;
}
