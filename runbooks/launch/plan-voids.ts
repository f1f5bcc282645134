import { aheadAgain, waitingSteps } from './ahead-again.ts';
import { canonicalJson } from './canonical-json.ts';
import { own } from './decision.ts';
import type { EntryOf, PersonId, PlanVoids } from './entries.ts';
import { firersOf } from './fire-policy.ts';
import type { FireAct } from './fire-policy.ts';
import type { FireOrder, Launch } from './launch.ts';
import { withPlan } from './plan-changes.ts';
import type { PlanDifference } from './plan-changes.ts';
import { shownFor } from './shown.ts';
import { backedUp, everyStep } from './steps.ts';
import { isPending, voidOrders } from './voiding.ts';

/** What a change of the runbook takes back: exactly what was asked, ticked, waived or put by what it changes. People who are there stay there, and what has begun is never done again. */

/** Keys that only say who sees to it, or what to do: nothing that was judged by the rest is judged otherwise. */
const OF_NO_GATE = new Set(['help', 'owner']);
const OF_NO_STEP = new Set(['title', 'owner', 'backup_owner']);

/** `after`: with the new plan. */
export function voidsOf(
  before: Launch,
  after: Launch,
  differences: readonly PlanDifference[],
  atMs: number,
): PlanVoids {
  const gates = idsIn(differences, 'gates', OF_NO_GATE);
  const steps = changedSteps(before, differences);
  const switches = idsIn(differences, 'switches', new Set(['title']));
  const { steps: ahead, missed } = aheadAgain(after, atMs);
  return {
    // With gates, they were asked for under others; else by who may no more, or they would be shown otherwise.
    orders: idsOf(
      before.orders,
      (order) => isPending(order) && (gates.size > 0 || isByOthers(after, order) || isShownElse(before, after, order)),
    ),
    ticks: idsOf(before.ticks, (_, id) => gates.has(id)),
    waivers: idsOf(before.waivers, ({ gate }) => gates.has(gate)),
    requests: idsOf(before.switchRequests, (request) => request.open && switches.has(request.switch)),
    steps: waitingSteps(before).filter((id) => steps.has(id) || ahead.includes(id)),
    missed,
  };
}

/** Steps that are changed and have begun: they are not done again, whatever is said of them now. */
export function begunOf(before: Launch, differences: readonly PlanDifference[]): string[] {
  const waiting = waitingSteps(before);
  return [...changedSteps(before, differences)].filter(
    (id) => own(before.steps, id) !== undefined && !waiting.includes(id),
  );
}

/** The second item of a path of names is an id. */
function idsIn(differences: readonly PlanDifference[], list: string, harmless: ReadonlySet<string>): Set<string> {
  return new Set(
    differences.flatMap(({ names: [first, id, key = ''] }) =>
      first === list && id !== undefined && !harmless.has(key) ? [id] : [],
    ),
  );
}

/** `phases.<phase>.steps.<step>.<key>`; of one that is new or gone nothing follows. A backup's steps are taken back with what they are for. */
function changedSteps({ runbook }: Launch, differences: readonly PlanDifference[]): Set<string> {
  const changed = new Set(
    differences.flatMap(({ names: [first, , second, id, key = ''] }) =>
      first === 'phases' && second === 'steps' && id !== undefined && !OF_NO_STEP.has(key) ? [id] : [],
    ),
  );
  const phases = new Set(
    differences.flatMap(({ names: [first, id, ...inner] }) => (first === 'phases' && inner.length === 0 ? [id] : [])),
  );
  const gone = runbook.phases.filter(({ id }) => phases.has(id)).flatMap(({ steps }) => steps.map(({ id }) => id));
  const whole = new Set([...changed, ...gone]);
  return new Set(
    everyStep(runbook)
      .map(({ id }) => id)
      .filter((id) => whole.has(id) || whole.has(backedUp(runbook, id)?.id ?? '')),
  );
}

/** Who asked may not ask any more, or who armed it not approve. */
function isByOthers(after: Launch, { requestedBy, armed }: FireOrder): boolean {
  const isOne = (act: FireAct, by: PersonId) => firersOf(after, act).some(({ id }) => id === by);
  return !isOne('ask', requestedBy) || (armed !== null && !isOne('approve', armed.by));
}

function isShownElse(before: Launch, after: Launch, { shown }: FireOrder): boolean {
  const { segments, skipListHash, sets, moment } = shown;
  const [old, now] = [before, after].map((launch) =>
    canonicalJson(shownFor(launch, segments, skipListHash, sets, moment)),
  );
  return old !== now;
}

function idsOf<T>(all: Record<string, T>, which: (one: T, id: string) => boolean): string[] {
  return Object.entries(all).flatMap(([id, one]) => (which(one, id) ? [id] : []));
}

/** The launch with the new plan, less what the entry says is void. Another change that waited was of a plan that is gone. */
export function runbookChanged(launch: Launch, entry: EntryOf<'RunbookChanged'>, why: string): Partial<Launch> {
  const { plan, runbookHash, voids } = entry;
  const shut = <T extends { open: boolean }>(requests: Record<string, T>, which: (id: string) => boolean) =>
    Object.fromEntries(Object.entries(requests).map(([id, one]) => [id, which(id) ? { ...one, open: false } : one]));
  return {
    runbook: withPlan(launch.runbook, plan),
    runbookHash,
    runbookChanges: shut(launch.runbookChanges, () => true),
    orders: voidOrders(launch, ({ id }) => voids.orders.includes(id), why),
    ticks: without(launch.ticks, voids.ticks),
    waivers: without(launch.waivers, voids.waivers),
    switchRequests: shut(launch.switchRequests, (id) => voids.requests.includes(id)),
    steps: without(launch.steps, voids.steps),
    missed: without(launch.missed, voids.missed),
  };
}

export function without<T>(all: Record<string, T>, ids: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([id]) => !ids.includes(id)));
}
