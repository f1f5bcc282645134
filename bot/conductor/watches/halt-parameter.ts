import { setTimeout as sleep } from 'node:timers/promises';
import type { Parameter } from '../../../infra/aws/parameters.ts';
import { saysHalt } from '../../../runbooks/launch/halt-word.ts';
import { clip, oneLine } from '../../views/words.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';

/**
 * The SSM parameter of the halt is written by us, who mirror the record there, and by people, whose halt is obeyed. Which is
 * which: every version that we wrote, and every one that stood there when two people lifted a halt, is kept as a fact.
 * Whoever writes may die before it keeps the fact, so our writes say what they are besides. A version that neither explains
 * is somebody's: in doubt it halts.
 */

/**
 * Our clock against AWS's: beyond that AWS refuses what we sign (docs/facts.md#aws-clock), so a version that lies
 * further from its fact is another of the same number (deleted and made anew).
 */
const CLOCKS_APART_MS = 300_000;
/** Until another of our instances has noted what it has just written. */
const NOTED_WITHIN_MS = 500;
/** Of a value by hand; a parameter holds 4 KB. */
const SHOWN_CHARS = 100;

export async function isExplained(
  context: Context,
  launchId: string,
  { version, modifiedAtMs }: Parameter,
): Promise<boolean> {
  const atMs = await fact(context, launchId, FACT.haltExplained(version));
  if (atMs !== null && Math.abs(Number(atMs) - modifiedAtMs) <= CLOCKS_APART_MS) return true;
  const { parameters } = context.cloud;
  if (!(await parameters.isOurs(parameters.nameOf(launchId, 'halt'), version))) return false;
  await keepFact(context, launchId, FACT.haltExplained(version), String(modifiedAtMs));
  return true;
}

/** Whatever stood there when it was read is covered by the decision that reads it: a lift by two people. */
export async function coverStanding(context: Context, launchId: string, signal: AbortSignal): Promise<void> {
  const { parameters } = context.cloud;
  const standing = await parameters.get(parameters.nameOf(launchId, 'halt'), null, signal);
  signal.throwIfAborted();
  if (standing !== null)
    await keepFact(context, launchId, FACT.haltExplained(standing.version), String(standing.modifiedAtMs));
}

/** False: a halt by hand stands there, which `off` must not cover. */
export async function writeHalt(context: Context, launchId: string, value: string): Promise<boolean> {
  const { parameters } = context.cloud;
  const name = parameters.nameOf(launchId, 'halt');
  const before = await parameters.get(name);
  if (value === 'off' && before !== null && saysHalt(before.value) && !(await isExplained(context, launchId, before)))
    return false;
  const version = await parameters.put(name, value, before?.version ?? 0);
  await keepFact(context, launchId, FACT.haltExplained(version), String(context.nowMs()));
  return value !== 'off' || !(await coveredHalt(context, launchId, before?.version ?? 0, version));
}

/** Parameter Store has no conditional writes: a halt that came between our look and our `off` is put back, and found by the watch. */
async function coveredHalt(context: Context, launchId: string, before: number, written: number): Promise<boolean> {
  const { parameters } = context.cloud;
  const name = parameters.nameOf(launchId, 'halt');
  if (written > before + 1) await sleep(NOTED_WITHIN_MS);
  for (let version = before + 1; version < written; version += 1) {
    const between = await parameters.get(name, version);
    if (between === null || !saysHalt(between.value) || (await isExplained(context, launchId, between))) continue;
    context.log.warn({ launchId, version }, 'a halt by hand came just before our own write: it is put back');
    await parameters.put(name, between.value);
    return true;
  }
  return false;
}

/** What was found, for people: one line, no marks that can't be seen, and never a secret. */
export function shownValue({ value, isSecret }: Parameter): string {
  return isSecret ? 'a secret value' : `“${clip(oneLine(value.replaceAll(/\p{Cf}|\p{Cc}/gu, ' ')), SHOWN_CHARS)}”`;
}

export async function byWhom(
  context: Context,
  launchId: string,
  name: string,
  { version }: Parameter,
): Promise<string> {
  const { parameters } = context.cloud;
  const author = await parameters.modifiedBy(parameters.nameOf(launchId, name), version);
  return author === null ? '' : ` by ${author}`;
}
