import type { Launch } from '../../../runbooks/launch/launch.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';
import type { Halting } from '../halt.ts';

/**
 * Of a rehearsal that sends: who halts the day's launch, or calls it off, means all that sends for it, so the rehearsal is halted
 * with it. Each stop of the day once: two people may lift it here and go on. A halt counts as soon as it stands in the day's switch
 * item: its entry may be late, and nobody may be able to read that record any more.
 */
export async function haltWithDay(context: Context, halting: Pick<Halting, 'press'>, launch: Launch): Promise<void> {
  if (launch.rehearses === null) return;
  const { launchId: dayId } = launch.rehearses;
  const stop = await stopNow(context, dayId);
  if (stop === null) return;
  const name = FACT.dayStopped(stop.id);
  if ((await fact(context, launch.id, name)) !== null) return;
  // Lifted, a halt of before would let go what two people perhaps don't know to be stopped.
  if (launch.halt.active && !(launch.halt.atMs >= stop.atMs)) return;
  if (!launch.halt.active) {
    const reason = `${context.journal.peek(dayId)?.name ?? dayId} ${stop.what}, and this rehearses it`;
    const press = { by: null, source: 'conductor', reason, pressedAtMs: context.nowMs() } as const;
    await (
      await halting.press(launch.id, press)
    ).recorded;
  }
  await keepFact(context, launch.id, name, 'halted');
}

interface Stop {
  id: string;
  what: string;
  /** NaN: only the switch item says so, which has no time. */
  atMs: number;
}

async function stopNow({ journal, cloud }: Context, dayId: string): Promise<Stop | null> {
  const read = await journal.launch(dayId).then(
    (day) => ({ day }),
    (error: unknown) => ({ error }),
  );
  const recorded = 'day' in read && read.day !== null ? stopOf(read.day) : null;
  if (recorded !== null) return recorded;
  const item = await cloud.switches.read(dayId, { consistent: true });
  // The record knows of all that were lifted, also while the item is behind.
  const known = 'day' in read ? (read.day?.halt.epoch ?? 0) : 0;
  if (item?.halted === true && item.haltEpoch > known)
    return { id: `halt/${item.haltEpoch}`, what: 'was halted', atMs: Number.NaN };
  if ('error' in read) throw read.error;
  return null;
}

function stopOf({ halt, stoodDown }: Launch): Stop | null {
  if (stoodDown !== null) return { id: 'stood-down', what: 'was called off', atMs: stoodDown.atMs };
  return halt.active ? { id: `halt/${halt.epoch}`, what: 'was halted', atMs: halt.atMs } : null;
}
