import { vouchedBy } from '../../../infra/aws/vouched.ts';
import type { Measured } from '../../../runbooks/launch/entries.ts';
import { gateNamed, gatesOf, isMadeGate } from '../../../runbooks/launch/gates.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { runningShots } from '../../../runbooks/launch/remaining.ts';
import { isMeasured } from '../../../runbooks/launch/rule-gates.ts';
import type { Context } from '../context.ts';
import { measureGates } from './probes.ts';

/** Measures the gates of one launch again and again, keeps the result where every instance finds it, and records lasting changes. */
export class GateWatch {
  readonly #context: Context;
  /** Per gate: the status that differs from the record, and since when. */
  readonly #changing = new Map<string, { status: Measured['status']; sinceMs: number }>();

  readonly #measure: typeof measureGates;

  constructor(context: Context, measure = measureGates) {
    this.#context = context;
    this.#measure = measure;
  }

  async look(launch: Launch): Promise<Measured[]> {
    const nowMs = this.#context.nowMs();
    const measured = await this.#measure(this.#context, launch, nowMs);
    await keep(this.#context, launch, measured);
    for (const one of measured) {
      if (this.#isLasting(launch, one, nowMs)) {
        const acted = await this.#context.execute(launch.id, { kind: 'report-gate', measured: one });
        if (acted.ok || acted.code === 'ALREADY_SO') this.#changing.delete(one.gate);
      }
    }
    return measured;
  }

  #isLasting(launch: Launch, one: Measured, nowMs: number): boolean {
    // A shot fills its queues by design; that is no change of readiness.
    const gate = gateNamed(launch, one.gate);
    const probe = gate?.probe;
    // Never measured is unknown already, and no news.
    const standing = launch.gateChanges[one.gate]?.status ?? (isMadeGate(gate) ? 'green' : 'unknown');
    // Nobody has asked for a gate that was made: that it can't be measured is no news either.
    const isNoNews = isMadeGate(gate) && one.status === 'unknown';
    if (standing === one.status || isNoNews || (probe?.kind === 'queue-empty' && runningShots(launch).length > 0)) {
      this.#changing.delete(one.gate);
      return false;
    }
    const changing = this.#changing.get(one.gate);
    if (changing?.status !== one.status) {
      this.#changing.set(one.gate, { status: one.status, sinceMs: nowMs });
      return this.#context.timings.gateSettleMs === 0;
    }
    return nowMs - changing.sinceMs >= this.#context.timings.gateSettleMs;
  }
}

const keep = ({ cloud, journal: { keyring } }: Context, launch: Launch, measured: Measured[]): Promise<void> =>
  cloud.live.putGates(launch.id, measured, keyring.signer);

/**
 * What stands in the live table of this launch's bots: signed by the key of one. Whoever can write the table, a worker above all, could else
 * turn a gate green before a press, or red. A record that names no keys is not asked: nothing can be fired in it.
 */
export function keptMeasurements({ cloud, journal }: Context, launch: Launch): Promise<Measured[]> {
  if (launch.keys.length === 0) return cloud.live.gates(launch.id);
  return cloud.live.gates(launch.id, (said) => vouchedBy('gate', said, launch, journal.keyring.trusted) === 'bot');
}

/** For a press: what the leader measured if that is fresh, our own measurement otherwise. `anew`: for whoever asks to see how things stand now. */
export async function freshMeasurements(context: Context, launch: Launch, anew = false): Promise<Measured[]> {
  const nowMs = context.nowMs();
  const kept = await keptMeasurements(context, launch);
  // Those that were made for the launch too: the bot that measured may be older than one of them, or than a take-over, and a gate that
  // nobody has measured lately is shown to nobody.
  const automatic = gatesOf(launch).filter(isMeasured);
  const isFresh = automatic.every((gate) =>
    kept.some((one) => one.gate === gate.id && Math.abs(nowMs - one.atMs) <= context.timings.gateFreshMs),
  );
  if (isFresh && !anew) return kept;
  const measured = await measureGates(context, launch, nowMs);
  await keep(context, launch, measured);
  return measured;
}
