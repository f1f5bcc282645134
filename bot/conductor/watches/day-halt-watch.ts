import type { Launch } from '../../../runbooks/launch/launch.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';
import type { Halting } from '../halt.ts';

/**
 * Of a rehearsal that sends: who halts the day's launch, or calls it off, means all that sends for it, so the rehearsal is halted
 * with it. Each stop of the day once: two people may lift it here and go on.
 */
export class DayHaltWatch {
  readonly #context: Context;
  readonly #halting: Pick<Halting, 'press'>;

  constructor(context: Context, halting: Pick<Halting, 'press'>) {
    this.#context = context;
    this.#halting = halting;
  }

  async look(launch: Launch): Promise<void> {
    if (launch.rehearses === null) return;
    const day = await this.#context.journal.launch(launch.rehearses.launchId);
    const stop = day === null ? null : stopOf(day);
    if (day === null || stop === null) return;
    const name = FACT.dayStopped(stop.id);
    if ((await fact(this.#context, launch.id, name)) !== null) return;
    if (!launch.halt.active) {
      const reason = `${day.name} ${stop.what}, and this rehearses it`;
      const { nowMs } = this.#context;
      const { recorded } = await this.#halting.press(launch.id, {
        by: null,
        source: 'conductor',
        reason,
        pressedAtMs: nowMs(),
      });
      await recorded;
    }
    await keepFact(this.#context, launch.id, name, 'halted');
  }
}

function stopOf({ halt, stoodDown }: Launch): { id: string; what: string } | null {
  if (stoodDown !== null) return { id: 'stood-down', what: 'was called off' };
  return halt.active ? { id: `halt/${halt.epoch}`, what: 'was halted' } : null;
}
