import { setTimeout as sleep } from 'node:timers/promises';
import type { Parameter } from '../../../infra/aws/parameters.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { differing, mirrorValue } from '../../mirrored-switches.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';
import { byWhom, shownValue, writeHalt } from '../watches/halt-parameter.ts';

/**
 * The switches as others see them: one SSM parameter each, and a flag file in object storage that an edge can
 * cache for client apps. Neither has conditional writes, so what was written is compared with the record
 * afterwards, and written again if that has moved on.
 */

const flagsKey = (launchId: string): string => `switches/${launchId}.json`;

/** What was written; null: nothing, as the record has no such switch or somebody's halt by hand stands. */
export async function writeMirror(context: Context, launchId: string, name: string): Promise<string | null> {
  return followRecord(
    context,
    launchId,
    (launch) => mirrorValue(launch, name),
    async (value) => {
      if (name === 'halt') return writeHalt(context, launchId, value);
      await noteIfSetByHand(context, launchId, name);
      const { parameters } = context.cloud;
      const parameter = parameters.nameOf(launchId, name);
      const before = await parameters.get(parameter);
      const version = await parameters.put(parameter, value, before?.version ?? 0);
      await keepFact(context, launchId, FACT.mirrored(name), String(version));
      return true;
    },
  );
}

export async function writeFlags(context: Context, launchId: string): Promise<string> {
  const written = await followRecord(context, launchId, flags, async (body) => {
    await context.cloud.objects.put(flagsKey(launchId), new TextEncoder().encode(body), 'application/json');
    return true;
  });
  return written ?? 'nothing to write';
}

function flags(launch: Launch): string {
  const inner = new Set(launch.runbook.switches.flatMap((one) => (one.seen_by === 'servers' ? [one.id] : [])));
  return JSON.stringify({
    v: 1,
    launchId: launch.id,
    seq: Math.max(0, ...Object.values(launch.switches).map((standing) => standing.seq)),
    haltEpoch: launch.halt.epoch,
    halted: launch.halt.active,
    zombie: launch.switches['zombie']?.value === true,
    switches: Object.fromEntries(
      Object.entries(launch.switches).flatMap(([name, { value }]) => (inner.has(name) ? [] : [[name, value]])),
    ),
  });
}

/** Writes what the record says until the record says what was written. */
async function followRecord(
  context: Context,
  launchId: string,
  valueOf: (launch: Launch) => string | null,
  write: (value: string) => Promise<boolean>,
): Promise<string | null> {
  let written: string | null = null;
  for (;;) {
    const launch = await context.journal.launch(launchId);
    const value = launch === null ? null : valueOf(launch);
    if (value === null || value === written) return written;
    if (!(await write(value))) return null;
    written = value;
  }
}

/** Between two looks at a parameter that differs: our own write may be under way. */
const LOOK_AGAIN_MS = 500;

/**
 * Of all switches only a halt is obeyed from Parameter Store. Another one that was set there by hand is told to people, once
 * per change, before our next write covers it.
 */
export async function noteIfSetByHand(context: Context, launchId: string, name: string): Promise<void> {
  const first = await setByHand(context, launchId, name);
  if (first === null) return;
  await sleep(LOOK_AGAIN_MS);
  const found = await setByHand(context, launchId, name);
  if (found === null || found.version !== first.version) return;
  const by = await byWhom(context, launchId, name, found);
  const text = `${name} was set to ${shownValue(found)} in Parameter Store${by}. That is not obeyed: of what is set there by hand only a halt counts. Here it is ${found.here}; ${commandFor(name)} sets it, and writes the parameter.`;
  await context.execute(launchId, { kind: 'note', by: null, text });
  await keepFact(context, launchId, FACT.toldByHand(name), String(found.version));
}

async function setByHand(
  context: Context,
  launchId: string,
  name: string,
): Promise<(Parameter & { here: string }) | null> {
  const { parameters } = context.cloud;
  const parameter = parameters.nameOf(launchId, name);
  const standing = await parameters.get(parameter);
  const launch = await context.journal.launch(launchId);
  if (standing === null || launch === null) return null;
  const [differs] = differing(launch, [{ ...standing, name }]);
  if (differs === undefined) return null;
  const explained = await Promise.all(
    [FACT.mirrored(name), FACT.toldByHand(name)].map((known) => fact(context, launchId, known)),
  );
  // Whoever wrote it for us may have died before it noted the version.
  const isKnown =
    explained.includes(String(standing.version)) || (await parameters.isOurs(parameter, standing.version));
  return isKnown ? null : { ...standing, here: differs.here };
}

function commandFor(name: string): string {
  if (name.startsWith('pace.')) return `/go pace ${name.slice('pace.'.length)}`;
  return name === 'zombie' ? '/go zombie' : `/go switch ${name}`;
}
