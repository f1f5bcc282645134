import { DateTime } from 'luxon';
import type { FixedTime } from '../playbook/fields/values.ts';
import { jsonSchemaOf } from '../playbook/json-schema.ts';
import type { JsonSchema } from '../playbook/json-schema.ts';
import { schemasAt } from '../playbook/keys-at.ts';
import { runbook as runbookSchema } from '../playbook/schema.ts';
import type { Plan, Runbook } from '../playbook/schema.ts';
import { canonicalJson } from './canonical-json.ts';

/** What two versions of a plan differ in, key by key, as it is written in a runbook. Lists of what has an id are compared by id, whatever their order; steps and phases also by that, since those of the same time begin in it. */

export interface PlanDifference {
  /** As people read it: `gates.quota.probe.least`. */
  where: string;
  /** Ids in the place of indexes. */
  names: string[];
  /** In the plan after the change, for who looks up its line; of what is gone, the place around it. */
  path: (string | number)[];
  /** Null: it was not there, or is there no more. */
  before: string | null;
  after: string | null;
}

/** All that a change of the runbook may touch; who takes part and what is said are changed by commands of their own. */
export function planOf(runbook: Runbook): Plan {
  const { people: _people, campaign: _campaign, ...plan } = runbook;
  return plan;
}

/** People and texts stay as they are. */
export const withPlan = ({ people, campaign }: Runbook, plan: Plan): Runbook => ({ ...plan, people, campaign });

export function planDifferences(before: Plan, after: Plan): PlanDifference[] {
  known ??= jsonSchemaOf(runbookSchema);
  return differences({ value: before, schemas: [known] }, { value: after, schemas: [known] }, [], []);
}

let known: JsonSchema | null = null;

/** A value with what the schema says of it. */
interface Part {
  value: unknown;
  schemas: JsonSchema[];
}

function differences(before: Part, after: Part, names: string[], path: PlanDifference['path']): PlanDifference[] {
  if (isSame(before.value, after.value)) return [];
  const [old, now] = [before.value, after.value];
  if (isMap(old) && isMap(now) && old['kind'] === now['kind'])
    return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((key) =>
      differences(at(before, key), at(after, key), [...names, key], now[key] === undefined ? path : [...path, key]),
    );
  const key = listKey([old, now]);
  if (key !== null) {
    const [was, is] = [itemsOf(old, key), itemsOf(now, key)];
    const items = [...new Set([...was.keys(), ...is.keys()])].flatMap((id) => {
      const index = is.get(id);
      return differences(
        at(before, was.get(id)),
        at(after, index),
        [...names, id],
        index === undefined ? path : [...path, index],
      );
    });
    return [...items, ...otherOrder(was, is, names, path)];
  }
  const where = names.join('.');
  return [{ where, names, path, before: textOf(before), after: textOf(after) }];
}

const IN_ORDER = new Set(['phases', 'steps']);

/** What is new or gone says where it stands itself. */
function otherOrder(
  was: ReadonlyMap<string, number>,
  is: ReadonlyMap<string, number>,
  names: string[],
  path: PlanDifference['path'],
): PlanDifference[] {
  const kept = (one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>) =>
    `[${[...one.keys()].filter((id) => other.has(id)).join(', ')}]`;
  const [before, after] = [kept(was, is), kept(is, was)];
  return before === after || !IN_ORDER.has(names.at(-1) ?? '')
    ? []
    : [{ where: names.join('.'), names, path, before, after }];
}

const isSame = (a: unknown, b: unknown): boolean =>
  a === undefined || b === undefined ? a === b : canonicalJson(a) === canonicalJson(b);

/** Without a key: it has no such item. */
function at({ value, schemas }: Part, key: string | number | undefined): Part {
  if (key === undefined) return { value: undefined, schemas };
  return { value: (value as Record<string | number, unknown>)[key], schemas: schemasAt(schemas, value, key) };
}

type Fields = Record<string, unknown>;

const isFixedTime = (value: unknown): value is FixedTime =>
  typeof value === 'object' && value !== null && 'atMs' in value && 'zone' in value;
const isMap = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isFixedTime(value);

/** By what the items of both lists are told apart; null: they are no lists, or of what has no name. */
function listKey(lists: readonly unknown[]): string | null {
  const there = lists.filter((list) => list !== undefined);
  if (!there.every((list) => Array.isArray(list)) || there.flat().length === 0) return null;
  const isNamedBy = (key: string) =>
    there.every((list) => {
      const ids = list.map((item: unknown) => (isMap(item) ? item[key] : undefined));
      return ids.every((id) => typeof id === 'string') && new Set(ids).size === ids.length;
    });
  return ['id', 'target', 'name'].find(isNamedBy) ?? null;
}

const itemsOf = (list: unknown, key: string): Map<string, number> =>
  new Map(((list ?? []) as Fields[]).map((item, index) => [String(item[key]), index]));

function textOf(part: Part): string | null {
  const { value } = part;
  if (value === undefined) return null;
  if (Array.isArray(value)) return `[${value.map((_, index) => textOf(at(part, index))).join(', ')}]`;
  if (isFixedTime(value))
    return `${DateTime.fromMillis(value.atMs, { zone: value.zone }).toFormat('yyyy-MM-dd HH:mm')} ${value.zone}`;
  if (isMap(value))
    return `{ ${Object.keys(value)
      .filter((key) => value[key] !== undefined)
      .map((key) => `${key}: ${textOf(at(part, key))}`)
      .join(', ')} }`;
  return typeof value === 'number' ? figureOf(value, part.schemas) : `${value as string | boolean | null}`;
}

function figureOf(value: number, schemas: readonly JsonSchema[]): string {
  const units = schemas.map(({ unit = '' }) => unit);
  if (units.includes('duration')) return written(value);
  if (!units.some((unit) => unit.startsWith('time before or after T'))) return value.toLocaleString('en-US');
  return value === 0 ? 'T' : `T${value < 0 ? '-' : '+'}${written(Math.abs(value))}`;
}

const UNITS: readonly [string, number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

/** `90s`, `15m`: in the largest unit that holds it whole. */
function written(ms: number): string {
  const [unit, size] = UNITS.find(([, one]) => ms % one === 0) ?? ['ms', 1];
  return ms === 0 ? '0s' : `${ms / size}${unit}`;
}
