import type { Plan } from '../playbook/schema.ts';
import { canonicalJson } from './canonical-json.ts';
import { endOf, overProblem } from './change-waits.ts';
import type { Decision, Given } from './commands.ts';
import { accept, byPerson, own, refuse } from './decision.ts';
import type { CommandOf, Refusal } from './decision.ts';
import type { PlanChange, PlanVoids, SwitchValue } from './entries.ts';
import type { Launch } from './launch.ts';
import { nameOf } from './people.ts';
import { planDifferences, planOf, withPlan } from './plan-changes.ts';
import type { PlanDifference } from './plan-changes.ts';
import { begunOf, voidsOf } from './plan-voids.ts';
import { runningShots, shotsText } from './remaining.ts';
import { rosterProblem } from './roster.ts';
import { stepNamed } from './steps.ts';
import { isReason, listed } from './words.ts';

/**
 * The plan of an open launch: what of it may be changed, and by how many people. `one`: what people read. `two`: what they
 * are bound by. `gates`: a gate that is added or hardened by one, all else of gates by two. Any other word: why it stays. Who takes
 * part and what is said are no part of it: the roster and the texts have commands of their own.
 */
const RULE: Record<keyof Plan, string> = {
  version: 'it is the format of the file',
  id: 'the launch was created from it',
  title: 'one',
  summary: 'one',
  target: '`/go move` moves the target',
  targets: 'two',
  groups: 'two',
  pool: 'workers serve the launch by it',
  regions: 'the launch was created there',
  audience: 'the audience is cut by it',
  delivery: 'two',
  fire: 'two',
  order_expires_after: 'two',
  order_renewable_for: 'two',
  armed_catch_up_within: 'two',
  marks: 'one',
  gates: 'gates',
  scale_targets: 'two',
  surge: 'two',
  rehearsal: 'two',
  phases: 'two',
  switches: 'two',
  on_halt: 'one',
  contacts: 'one',
  playbook: 'one',
};

export function changeRunbook(launch: Launch, command: CommandOf<'change-runbook'>, given: Given): Decision {
  const { nowMs, rules } = given;
  const { plan, runbookHash, lines, reason } = command;
  if (!isReason(reason, rules))
    return refuse('REASON_MISSING', 'A change of the runbook needs a reason: say in a few words why, and ask again.');
  const differences = differencesOf(launch, plan);
  const problem = changeProblem(launch, plan, differences);
  if (problem !== null) return problem;
  // Told by the plans alone: nobody approves another change than the one that is made.
  const changes = differences.map(({ where, before, after }, index) => ({
    where,
    before,
    after,
    line: lines[index] ?? '',
  }));
  if (differences.some((one) => needsTwo(launch, one)))
    return accept(byPerson(command.by), nowMs, {
      kind: 'RunbookChangeRequested',
      changeId: `B${launch.seq + 1}`,
      plan,
      runbookHash,
      changes,
      reason,
      ...endOf('runbook', launch, given),
    });
  return changedBy(launch, command.by, { changeId: null, plan, runbookHash, changes, reason }, nowMs);
}

export function approveRunbookChange(
  launch: Launch,
  command: CommandOf<'approve-runbook-change'>,
  { nowMs }: Given,
): Decision {
  const change = own(launch.runbookChanges, command.changeId);
  const over = overProblem(launch, command.changeId, nowMs, '/go runbook change');
  if (over !== null) return over;
  if (change === undefined || !change.open)
    return refuse(
      'NO_SUCH_REQUEST',
      `The change of the runbook ${command.changeId} does not wait: it is done, or another change overtook it. See /go runbook, and ask anew if it is still wanted.`,
    );
  if (change.by === command.by)
    return refuse(
      'SAME_PERSON',
      `${nameOf(launch, command.by)} asked for this change of the runbook, so a second person must approve it.`,
    );
  // Of the launch as it is by now: a step may have begun since it was asked for.
  const problem = changeProblem(launch, change.plan, differencesOf(launch, change.plan));
  return problem ?? changedBy(launch, command.by, { ...change, changeId: change.id }, nowMs);
}

interface Change {
  changeId: string | null;
  plan: Plan;
  runbookHash: string;
  changes: PlanChange[];
  reason: string;
}

function changedBy(launch: Launch, by: string, change: Change, nowMs: number): Decision {
  const { changeId, plan, runbookHash, changes, reason } = change;
  const voids = voidsNow(launch, plan, nowMs);
  return accept(byPerson(by), nowMs, { kind: 'RunbookChanged', changeId, plan, runbookHash, changes, voids, reason });
}

/** What this plan would take back, if it were the launch's now. */
export function voidsNow(launch: Launch, plan: Plan, nowMs: number): PlanVoids {
  const after = { ...launch, runbook: withPlan(launch.runbook, plan) };
  return voidsOf(launch, after, differencesOf(launch, plan), nowMs);
}

/** Steps that this plan has otherwise and that have begun. */
export const begunNow = (launch: Launch, plan: Plan): string[] => begunOf(launch, differencesOf(launch, plan));

/** What this plan has otherwise than the launch; what binds people most first, as a message may not hold all of it. */
export const differencesOf = (launch: Pick<Launch, 'runbook'>, plan: Plan): PlanDifference[] =>
  planDifferences(planOf(launch.runbook), plan).toSorted((a, b) => rank(launch, a) - rank(launch, b));

function rank(launch: Pick<Launch, 'runbook'>, difference: PlanDifference): number {
  if (!needsTwo(launch, difference)) return 2;
  return ['gates', 'fire'].includes(difference.names[0] ?? '') ? 0 : 1;
}

/** It weakens what people are bound by, or changes what is done, when, and by whom. */
export function needsTwo({ runbook }: Pick<Launch, 'runbook'>, difference: PlanDifference): boolean {
  const { names, before, after } = difference;
  const [first = '', id, key] = names;
  const rule = RULE[first as keyof Plan];
  if (rule !== 'gates') return rule === 'two';
  // Where nothing is measured people judge by the title alone.
  const isMeasured = runbook.gates.some((gate) => gate.id === id && gate.probe !== undefined);
  const isWord = key === 'help' || (key === 'title' && isMeasured);
  const isHardened = key === 'hard' && after === 'true';
  const isAdded = key === undefined && before === null;
  return !(isAdded || isHardened || isWord);
}

function changeProblem(launch: Launch, plan: Plan, differences: readonly PlanDifference[]): Refusal | null {
  if (launch.rehearses !== null)
    return refuse(
      'RUNBOOK_FIXED',
      `${launch.name} is a rehearsal: its plan is that of the launch that it rehearses. Change that one, and rehearse anew.`,
    );
  if (differences.length === 0)
    return refuse(
      'ALREADY_SO',
      'The plan of this launch is exactly this already; nothing changed. `/go people` changes who takes part, `/go campaign` the texts.',
    );
  const fixed = differences.flatMap(({ where, names: [first = ''] }) => {
    const rule = RULE[first as keyof Plan];
    return ['one', 'two', 'gates'].includes(rule) ? [] : [`${where} (${rule})`];
  });
  if (fixed.length > 0)
    return refuse(
      'RUNBOOK_FIXED',
      `While a launch is open this stays as it is: ${listed(fixed)}. Write it as it was and ask again, or create a new launch.`,
    );
  const roster = rosterProblem(launch.people, launch.keys, plan);
  if (roster !== null) return refuse('ROSTER_INVALID', `${roster} Correct the runbook and ask again.`);
  const used = inUse(launch, plan, differences);
  return used.length === 0
    ? null
    : refuse('RUNBOOK_IN_USE', `Nothing was changed: ${listed(used)}. Wait until that is over, and ask again.`);
}

/** What runs by the plan as it is, as parts of a sentence. */
function inUse(launch: Launch, plan: Plan, differences: readonly PlanDifference[]): string[] {
  const running = runningShots(launch);
  const touched = (list: keyof Plan): string[] => [
    ...new Set(
      differences.flatMap(({ names: [first, id, key] }) =>
        first === list && id !== undefined && key !== 'title' ? [id] : [],
      ),
    ),
  ];
  return [
    ...(running.length > 0 && touched('delivery').length > 0
      ? [`shot ${shotsText(running)} is sent by \`delivery\` as it is`]
      : []),
    ...begunOtherwise(launch, plan).map((id) => `the step ${id} has begun and is not done`),
    ...touched('scale_targets')
      .filter((id) => isRaised(launch, id))
      .map((id) => `the fleet ${id} was scaled and is not back`),
    ...touched('switches')
      .filter((id) => !fits(own(launch.switches, id)?.value, plan, id))
      .map((id) => `the switch ${id} stands as the changed plan has it not, and apps may read it`),
  ];
}

/** It was never set, or stands as the plan allows. */
function fits(value: SwitchValue | undefined, { switches }: Plan, id: string): boolean {
  const one = switches.find((wanted) => wanted.id === id);
  return value === undefined || (one !== undefined && (one.values?.includes(value) ?? true));
}

/** Steps that do something right now which the new plan has otherwise, or not at all. */
function begunOtherwise(launch: Launch, plan: Plan): string[] {
  const doing = (of: Plan, id: string) => canonicalJson(stepNamed(of, id)?.do ?? null);
  return Object.keys(launch.steps).filter(
    (id) => launch.steps[id]?.state === 'started' && doing(launch.runbook, id) !== doing(plan, id),
  );
}

function isRaised(launch: Launch, id: string): boolean {
  const standing = own(launch.scale, id);
  return own(launch.scaleFound, id) !== undefined || (standing !== undefined && standing.state !== 'reached');
}
