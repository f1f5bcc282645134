import { setTimeout as sleep } from 'node:timers/promises';
import type { SwitchValue } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { type Context, FACT, fact, keepFact } from './context.ts';

/**
 * The switches as others see them: one SSM parameter each, and a flag file in object storage that an edge can
 * cache for client apps. Neither has conditional writes, so what was written is compared with the record
 * afterwards, and written again if that has moved on.
 */

export const parameterName = (launchId: string, name: string): string => `/gobutton/${launchId}/${name}`;
export const flagsKey = (launchId: string): string => `switches/${launchId}.json`;

const text = (value: SwitchValue): string => (value === true ? 'on' : value === false ? 'off' : String(value));

/** `on`/`off` for yes and no; null: never set. */
export function mirrorValue(launch: Launch, name: string): string | null {
  if (name === 'halt') return launch.halt.active ? 'on' : 'off';
  const standing = launch.switches[name];
  return standing === undefined ? null : text(standing.value);
}

export async function mirrorSwitch(context: Context, launchId: string, name: string): Promise<string> {
  return followRecord(context, launchId, (launch) => mirrorValue(launch, name), async (value) => {
    const parameter = parameterName(launchId, name);
    if (name === 'halt' && value === 'off' && (await heldByHand(context, launchId))) return false;
    if (name !== 'halt') await noteIfSetByHand(context, launchId, name);
    await context.cloud.parameters.put(parameter, value);
    if (name === 'halt') await keepHaltVersion(context, launchId);
    else await keepFact(context, launchId, FACT.mirrored(name), String((await context.cloud.parameters.get(parameter))?.version ?? 0));
    return true;
  });
}

export async function writeFlags(context: Context, launchId: string): Promise<string> {
  return followRecord(context, launchId, flags, async (body) => {
    await context.cloud.objects.put(flagsKey(launchId), new TextEncoder().encode(body), 'application/json');
    return true;
  });
}

function flags(launch: Launch): string {
  return JSON.stringify({
    v: 1, launchId: launch.id, seq: Math.max(0, ...Object.values(launch.switches).map((standing) => standing.seq)), haltEpoch: launch.halt.epoch,
    halted: launch.halt.active, zombie: launch.switches['zombie']?.value === true,
    switches: Object.fromEntries(Object.entries(launch.switches).map(([name, standing]) => [name, standing.value])),
  });
}

/** Writes what the record says until the record says what was written. */
async function followRecord(context: Context, launchId: string, valueOf: (launch: Launch) => string | null, write: (value: string) => Promise<boolean>): Promise<string> {
  let written: string | null = null;
  for (;;) {
    const launch = await context.journal.launch(launchId);
    const value = launch === null ? null : valueOf(launch);
    if (value === null || value === written) return written ?? 'nothing to write';
    if (!(await write(value))) return 'set by hand meanwhile';
    written = value;
  }
}

/** Switches but the halt that stand otherwise in Parameter Store than in the record. `here`: as the record has it. */
export function differing(launch: Launch, parameters: readonly { name: string; value: string }[]): { name: string; value: string; here: string }[] {
  return switchNames(launch).flatMap((name) => {
    const found = parameters.find((parameter) => parameter.name === parameterName(launch.id, name));
    const here = mirrorValue(launch, name) ?? UNSET[name] ?? '';
    return found === undefined || plain(found.value) === plain(here) ? [] : [{ name, value: found.value, here: here === '' ? 'not set' : here }];
  });
}

const switchNames = (launch: Launch): string[] => [...Object.keys(UNSET), ...launch.runbook.switches.map(({ id }) => id)];

/** What a switch that nobody has set comes to. */
const UNSET: Partial<Record<string, string>> = { 'pace.ios': '0', 'pace.android': '0', zombie: 'off' };

function plain(value: string): string {
  return isOn(value) ? 'on' : ['off', 'false', '0'].includes(value.trim().toLowerCase()) ? 'off' : value.trim();
}

/** Of a value by hand; a parameter holds 4 KB. */
const SHOWN_CHARS = 100;
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
  const by = found.modifiedBy === null ? '' : ` by ${found.modifiedBy}`;
  const command = name.startsWith('pace.') ? `/go pace ${name.slice('pace.'.length)}` : name === 'zombie' ? '/go zombie' : `/go switch ${name}`;
  const text = `${name} was set to ${found.value.slice(0, SHOWN_CHARS)} in Parameter Store${by}. That is not obeyed: of what is set there by hand only a halt counts. Here it is ${found.here}; ${command} sets it, and writes the parameter.`;
  await context.act(launchId, { kind: 'note', by: null, text });
  await keepFact(context, launchId, FACT.toldByHand(name), String(found.version));
}

async function setByHand(context: Context, launchId: string, name: string): Promise<{ value: string; here: string; version: number; modifiedBy: string | null } | null> {
  const standing = await context.cloud.parameters.get(parameterName(launchId, name));
  const launch = await context.journal.launch(launchId);
  if (standing === null || launch === null) return null;
  const [differs] = differing(launch, [{ ...standing, name: parameterName(launchId, name) }]);
  if (differs === undefined) return null;
  const explained = await Promise.all([FACT.mirrored(name), FACT.toldByHand(name)].map((known) => fact(context, launchId, known)));
  return explained.includes(String(standing.version)) ? null : { ...standing, here: differs.here };
}

/** A version that our record explains: whatever stood there when it was read is covered by the decision that reads it. */
export async function keepHaltVersion(context: Context, launchId: string): Promise<void> {
  const standing = await context.cloud.parameters.get(parameterName(launchId, 'halt'));
  if (standing !== null) await keepFact(context, launchId, FACT.haltVersion, String(standing.version));
}

/** True: somebody has set the parameter to `on` after the last version that we know of. */
export async function heldByHand(context: Context, launchId: string): Promise<boolean> {
  const standing = await context.cloud.parameters.get(parameterName(launchId, 'halt'));
  if (standing === null || !isOn(standing.value)) return false;
  const known = Number((await fact(context, launchId, FACT.haltVersion)) ?? 0);
  return standing.version > known;
}

export const isOn = (value: string): boolean => ['on', 'true', '1', 'halt'].includes(value.trim().toLowerCase());
