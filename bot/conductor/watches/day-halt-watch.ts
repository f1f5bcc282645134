import { own } from '../../../runbooks/launch/decision.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';
import type { Halting } from '../halt.ts';

/**
 * Of a rehearsal that sends: who halts the day's launch, or calls it off, means all that sends for it, so the rehearsal is halted
 * with it. Each stop of the day once: two people may lift it here and go on. A halt counts as soon as it stands in the day's switch
 * item: its entry may be late, and nobody may be able to read that record any more. One that the day does not know of, because a bot
 * ended between its beginning and the note of it there, is halted too: nothing that it sends would count among what the day allows.
 */
export async function haltWithDay(context: Context, halting: Pick<Halting, 'press'>, launch: Launch): Promise<void> {
  if (launch.rehearses === null) return;
  const { launchId: dayId } = launch.rehearses;
  const stop = await stopNow(context, launch, dayId);
  if (stop === null) return;
  const name = FACT.dayStopped(stop.id);
  if ((await fact(context, launch.id, name)) !== null) return;
  // Lifted, a halt of before would let go what two people perhaps don't know to be stopped.
  if (launch.halt.active && !(launch.halt.atMs >= stop.atMs)) return;
  if (!launch.halt.active) {
    const reason = `${context.journal.peek(dayId)?.name ?? dayId} ${stop.what}`;
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

/** The note in the day follows the beginning at once. */
const NOTED_WITHIN_MS = 60_000;

async function stopNow({ journal, cloud, nowMs }: Context, launch: Launch, dayId: string): Promise<Stop | null> {
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
    return { id: `halt/${item.haltEpoch}`, what: HALTED, atMs: Number.NaN };
  if ('error' in read) throw read.error;
  const isUnknown = read.day !== null && own(read.day.rehearsals, launch.id) === undefined;
  return isUnknown && nowMs() - launch.createdAtMs > NOTED_WITHIN_MS ? NOT_NOTED : null;
}

const HALTED = 'was halted, and this rehearses it';
const NOT_NOTED: Stop = {
  id: 'not-noted',
  what: 'has no note of this rehearsal: a bot ended while it was begun. Close it with /go close, and begin another',
  atMs: 0,
};

function stopOf({ halt, stoodDown }: Launch): Stop | null {
  if (stoodDown !== null)
    return { id: 'stood-down', what: 'was called off, and this rehearses it', atMs: stoodDown.atMs };
  return halt.active ? { id: `halt/${halt.epoch}`, what: HALTED, atMs: halt.atMs } : null;
}
