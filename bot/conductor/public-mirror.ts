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
    await context.cloud.parameters.put(parameter, value);
    if (name === 'halt') await keepHaltVersion(context, launchId);
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
