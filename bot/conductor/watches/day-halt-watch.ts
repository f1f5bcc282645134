import type { Launch } from '../../../runbooks/launch/launch.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';
import type { Halting } from '../halt.ts';

/**
 * Of a rehearsal that sends: who halts the day's launch, or calls it off, means all that sends for it, so the rehearsal is halted
 * with it. Each stop of the day once: two people may lift it here and go on.
 */
export async function haltWithDay(context: Context, halting: Pick<Halting, 'press'>, launch: Launch): Promise<void> {
  if (launch.rehearses === null) return;
  const day = await context.journal.launch(launch.rehearses.launchId);
  const stop = day === null ? null : stopOf(day);
  if (day === null || stop === null) return;
  const name = FACT.dayStopped(stop.id);
  if ((await fact(context, launch.id, name)) !== null) return;
  // Lifted, a halt of before would let go what two people perhaps don't know to be stopped.
  if (launch.halt.active && launch.halt.atMs < stop.atMs) return;
  if (!launch.halt.active) {
    const reason = `${day.name} ${stop.what}, and this rehearses it`;
    const press = { by: null, source: 'conductor', reason, pressedAtMs: context.nowMs() } as const;
    await (
      await halting.press(launch.id, press)
    ).recorded;
  }
  await keepFact(context, launch.id, name, 'halted');
}

function stopOf({ halt, stoodDown }: Launch): { id: string; what: string; atMs: number } | null {
  if (stoodDown !== null) return { id: 'stood-down', what: 'was called off', atMs: stoodDown.atMs };
  return halt.active ? { id: `halt/${halt.epoch}`, what: 'was halted', atMs: halt.atMs } : null;
}
