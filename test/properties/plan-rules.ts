import { canonicalJson } from '../../runbooks/launch/canonical-json.ts';
import type { Shown } from '../../runbooks/launch/entries.ts';
import type { Person, Plan } from '../../runbooks/playbook/schema.ts';

/** What a change of the runbook may touch and takes back, stated a second time and without the core, for the invariants. */

const isSame = (a: unknown, b: unknown): boolean => canonicalJson(a ?? null) === canonicalJson(b ?? null);

/** What people read. */
const WORDS = new Set<string>([
  'title',
  'summary',
  'marks',
  'on_halt',
  'contacts',
  'playbook',
] satisfies (keyof Plan)[]);
const FOR_GOOD = ['version', 'id', 'target', 'pool', 'regions', 'audience'] as const satisfies readonly (keyof Plan)[];

/** What no number of people changes while the launch is open. */
export const keepsForGood = (before: Plan, after: Plan): boolean =>
  FOR_GOOD.every((key) => isSame(before[key], after[key]));

/** One person changes words, and asks for more than was asked: a gate that is new, or hard from now on. */
export function isWithinOne(before: Plan, after: Plan): boolean {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const others = [...keys].filter((key) => !WORDS.has(key) && key !== 'gates');
  return (
    others.every((key) => isSame(before[key as keyof Plan], after[key as keyof Plan])) &&
    before.gates.every((gate) => {
      const now = after.gates.find(({ id }) => id === gate.id);
      if (now === undefined) return false;
      const read = gate.probe === undefined ? { help: '' } : { help: '', title: '' };
      return isSame({ ...gate, ...read, hard: true }, { ...now, ...read, hard: true }) && (!gate.hard || now.hard);
    })
  );
}

/** Gates that are new, gone, or judge otherwise than before. */
export function changedGates(before: Plan, after: Plan): Set<string> {
  const judged = ({ gates }: Plan, id: string) => {
    const { help: _help, owner: _owner, ...gate } = gates.find((one) => one.id === id) ?? { id: '' };
    return gate;
  };
  const ids = new Set([...before.gates, ...after.gates].map(({ id }) => id));
  return new Set([...ids].filter((id) => !isSame(judged(before, id), judged(after, id))));
}

/** On duty, and of those whom the runbook names: by person, role or group. */
export function mayFire(plan: Plan, people: readonly Person[], act: 'may_ask' | 'may_approve', who: string): boolean {
  const person = people.find(({ id }) => id === who);
  const names = plan.fire?.[act];
  if (person === undefined || person.roles.every((role) => role === 'observer')) return false;
  if (names === undefined) return true;
  const groups = (plan.groups ?? []).filter((group) => group.people.includes(who)).map(({ id }) => id);
  return [who, ...person.roles, ...groups].some((name) => names.includes(name));
}

/** How it would go out by this plan. */
export const isSentBy = ({ delivery }: Plan, { notAfterMs, expiresAfterMs, uncertain }: Shown): boolean =>
  notAfterMs.ios === delivery.ios_not_after &&
  notAfterMs.android === delivery.android_not_after &&
  isSame(expiresAfterMs, delivery.expires_after) &&
  uncertain === delivery.uncertain;
