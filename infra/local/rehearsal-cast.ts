import { firersOf, twoFirers } from '../../runbooks/launch/fire-policy.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { targetOf } from '../../runbooks/launch/plan-times.ts';
import type { Person, Runbook } from '../../runbooks/playbook/schema.ts';
import { ScriptedPerson } from './scripted-person.ts';
import { WAR_ROOM } from './slack/state/seed.ts';

/** Who plays what in a rehearsal, and what is fired when. */

interface Player {
  /** As in the runbook. */
  id: string;
  name: string;
  room: ScriptedPerson;
}

export interface Cast {
  onCall: Player;
  asks: Player;
  approves: Player;
  /** Presses at the same moment, where that is asked for. Null: there are only two who may. */
  third: Player | null;
}

/** Marketers ask and approve where there are any that may: who scales has other things to do. The loader has made sure of two people. */
export function castOf(runbook: Runbook, pageUrl: string): Cast {
  const { people } = runbook;
  const playerOf = ({ id, name, slack }: Person): Player => ({
    id,
    name,
    room: new ScriptedPerson(pageUrl, WAR_ROOM, slack[0] ?? ''),
  });
  const isOnCall = ({ roles }: Person) => roles.includes('on-call');
  const [asks, approves] = twoFirers(
    { people, runbook },
    people.toSorted((a, b) => Number(isOnCall(a)) - Number(isOnCall(b))),
  ) as [Person, Person];
  const third = firersOf({ people, runbook }, 'approve').find((one) => one !== asks && one !== approves);
  return {
    onCall: playerOf(people.find(isOnCall) as Person),
    asks: playerOf(asks),
    approves: playerOf(approves),
    third: third === undefined ? null : playerOf(third),
  };
}

/** What one order is for; `atMs`: when it is asked for. */
export interface Round {
  segments: string[];
  atMs: number;
  /** A market's own moment. */
  isOwn: boolean;
}

/** Less, and two people could not have read and pressed by then. */
const ARM_AHEAD_MS = 20_000;

/** Whether an order that goes by itself is asked for ahead of it. */
export const canArm = ({ isOwn, atMs }: Round, nowMs: number): boolean => isOwn && atMs - nowMs >= ARM_AHEAD_MS;

/** Markets that have a moment of their own, each at that, earliest first; what is left at T. */
export function roundsOf(launch: Launch): Round[] {
  const all = launch.audience?.segments.map(({ id }) => id) ?? [];
  const taken = new Set<string>();
  const own = Object.keys(launch.runbook.targets ?? {})
    .map((name) => ({ name, atMs: targetOf(launch, name) }))
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ name, atMs }) => {
      const segments = all.filter((id) => !taken.has(id) && (id === name || id.startsWith(`${name}-`)));
      for (const id of segments) taken.add(id);
      // An order says its moment in whole seconds.
      return { segments, atMs: Math.ceil(atMs / 1_000) * 1_000, isOwn: true };
    });
  const rest = { segments: all.filter((id) => !taken.has(id)), atMs: launch.targetAtMs, isOwn: false };
  return [...own, rest].filter(({ segments }) => segments.length > 0).toSorted((a, b) => a.atMs - b.atMs);
}

/** The most that the plan asks of each fleet but the pool. */
export function fullSizes({ phases, scale_targets: targets, pool }: Runbook): { target: string; to: number }[] {
  const orders = phases
    .flatMap(({ steps }) => steps)
    .flatMap(({ do: action }) => (action.kind === 'scale' ? [action] : []));
  return targets.flatMap(({ id }) => {
    const asked = orders.filter(({ target }) => target === id).map(({ to }) => to);
    return id === pool.scale_target || asked.length === 0 ? [] : [{ target: id, to: Math.max(...asked) }];
  });
}
