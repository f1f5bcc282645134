import { z } from 'zod';
import type { SwitchItem } from '../../infra/aws/switch-store.ts';
import { effectsOf } from '../../runbooks/launch/effects.ts';
import { isLikelyEpoch } from '../../runbooks/launch/halt.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import type { HaltPress } from './conductor-port.ts';
import type { Acted, Context } from './context.ts';
import { switchValues } from './effects/perform.ts';
import { FACT, fact, keepFact } from './facts.ts';

/**
 * Halt is the exception to record-before-effect (docs/decisions/switch-before-record.md): the switch item first,
 * because workers obey that; then the entry, retried until it lands. Nothing here gives up while the process lives. The
 * public mirror follows from the entry.
 */
export class Halting {
  readonly #context: Context;
  readonly #stop = new AbortController();
  readonly #working = new Set<Promise<unknown>>();
  /** Epochs whose entry this process is still trying to append. */
  readonly #underWay = new Map<string, Set<number>>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** Resolves once the switch item is halted; `recorded` once the entry has landed, or with why the launch did not take it. NO_LAUNCH: there is none, and nothing was changed. */
  async press(launchId: string, press: HaltPress): Promise<{ epoch: number; recorded: Promise<Acted> }> {
    const { log } = this.#context;
    const item = await this.#untilDone(launchId, 'switch item', () => this.#haltItem(launchId));
    log.warn({ launchId, epoch: item.haltEpoch, source: press.source }, 'halted');
    const recorded = this.#record(launchId, item.haltEpoch, press);
    this.#background(launchId, 'halt press', () =>
      keepFact(this.#context, launchId, FACT.haltPress(item.haltEpoch), JSON.stringify(press)),
    );
    recorded.catch((error: unknown) =>
      log.error(
        { launchId, epoch: item.haltEpoch, err: error },
        'stopped before the halt was recorded; the leader records it as found',
      ),
    );
    return { epoch: item.haltEpoch, recorded };
  }

  /** Ends the retries and waits for what is under way; what is not recorded yet is found in the switch item by the next leader. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('HALT_STOPPED: this process is stopping'));
    await Promise.allSettled(this.#working);
  }

  isRecording(launchId: string, epoch: number): boolean {
    return this.#underWay.get(launchId)?.has(epoch) ?? false;
  }

  /** An item that was lost counts from 1 again: halted until its epoch is above all that the record knows, because only that ends what runs. */
  async #haltItem(launchId: string): Promise<SwitchItem> {
    const { cloud, journal } = this.#context;
    for (;;) {
      // Without an item the launch may still be there: only a record that can be read and is empty says that it is not.
      const item =
        (await cloud.switches.haltExisting(launchId)) ??
        ((await this.#isNowhere(launchId)) ? null : await cloud.switches.halt(launchId));
      if (item === null)
        throw Object.assign(new Error(`NO_LAUNCH: there is no launch ${launchId}; nothing was halted`), {
          code: 'NO_LAUNCH',
        });
      const known = journal.peek(launchId)?.halt.epoch ?? 0;
      if (item.haltEpoch > known) return item;
      await cloud.switches.catchUp(launchId, { epoch: known, active: true });
    }
  }

  async #isNowhere(launchId: string): Promise<boolean> {
    const { journal, log } = this.#context;
    if (journal.peek(launchId) !== null) return false;
    try {
      return (await journal.launch(launchId)) === null;
    } catch (error) {
      log.error({ launchId, err: error }, 'halting without a readable record');
      return false;
    }
  }

  async #record(launchId: string, epoch: number, press: HaltPress): Promise<Acted> {
    const epochs = this.#underWay.get(launchId) ?? new Set<number>();
    this.#underWay.set(launchId, epochs.add(epoch));
    try {
      const acted = await this.#untilDone(launchId, 'halt entry', () =>
        recordHalt(this.#context, launchId, epoch, press),
      );
      this.#putInForce(launchId, epoch);
      return acted;
    } finally {
      epochs.delete(epoch);
    }
  }

  /** The record may count it higher than the item did, which was lost or read late: whoever brought the item to what stood before it has ended this halt there. */
  #putInForce(launchId: string, epoch: number): void {
    const { cloud, journal } = this.#context;
    const halt = journal.peek(launchId)?.halt;
    if (halt?.active !== true || halt.epoch <= epoch) return;
    this.#background(launchId, 'halt in force', async () => {
      await cloud.switches.catchUp(launchId, halt);
    });
  }

  #background(launchId: string, what: string, work: () => Promise<void>): void {
    this.#untilDone(launchId, what, work).catch((error: unknown) =>
      this.#context.log.warn({ launchId, what, err: error }, 'given up, as this process stops'),
    );
  }

  #untilDone<T>(launchId: string, what: string, work: () => Promise<T>): Promise<T> {
    const working = this.#retry(launchId, what, work).finally(() => this.#working.delete(working));
    this.#working.add(working);
    return working;
  }

  async #retry<T>(launchId: string, what: string, work: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      this.#stop.signal.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'NO_LAUNCH') throw error;
        // The halt itself is tried hard; nobody waits for the rest.
        const pauseMs = Math.min(2_000, 50 * 2 ** Math.min(tries, 10));
        this.#context.log.error({ launchId, what, tries, pauseMs, err: error }, 'halting: failed, trying again');
        await pause(pauseMs, this.#stop.signal);
      }
    }
  }
}

/** The halt stands whoever pressed it; if the launch does not take it from this person, it takes it from the system. */
async function recordHalt({ execute }: Context, launchId: string, epoch: number, press: HaltPress): Promise<Acted> {
  const acted = await execute(launchId, { kind: 'set-halt', epoch, ...press });
  if (acted.ok || acted.code === 'ALREADY_SO' || press.by === null) return acted;
  return execute(launchId, {
    kind: 'set-halt',
    epoch,
    ...press,
    by: null,
    reason: `${press.reason} (by ${press.by}: ${acted.say})`,
  });
}

/** As it was kept by who pressed. Null: it was not, or it can't be read; the halt is recorded all the same. */
const keptPress = z.object({
  by: z.string().nullable(),
  source: z.enum(['slack', 'ssm', 'cli', 'conductor']),
  reason: z.string(),
  pressedAtMs: z.int().min(0),
});

function readPress(kept: string | null): HaltPress | null {
  try {
    return kept === null ? null : keptPress.parse(JSON.parse(kept));
  } catch {
    return null;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}

/** The effect that writes the switch item for the first time. */
export const SWITCHES_WRITTEN = '1/write-switches';

/**
 * Compares the switch item with the record, both ways: a halt that only the item knows (its bot died between the two) is
 * recorded as found, and a halt that only the record knows (the item was lost or edited) is put into force again. An item
 * that is missing is written anew, and people are told.
 */
export class HaltWatch {
  readonly #context: Context;
  readonly #halting: Halting;
  #found: { epoch: number; sinceMs: number } | null = null;
  #wasWritten = false;

  constructor(context: Context, halting: Halting) {
    this.#context = context;
    this.#halting = halting;
  }

  async look(launchId: string): Promise<void> {
    const { cloud, journal, nowMs, timings } = this.#context;
    const item = await cloud.switches.read(launchId, { consistent: true });
    const launch = await journal.launch(launchId);
    if (launch === null || launch.closed) return;
    if (!isInForce(launch, item)) await this.#mend(launch);
    if (item !== null && !isLikelyEpoch(launch, item.haltEpoch)) return this.#unlikely(launch, item);
    // Also an item that says no halt: an epoch that the record doesn't know would refuse every press.
    const isFound = item !== null && (item.haltEpoch > launch.halt.epoch || (item.halted && !launch.halt.active));
    if (!isFound || this.#halting.isRecording(launchId, item.haltEpoch)) {
      this.#found = null;
      return;
    }
    if (this.#found?.epoch !== item.haltEpoch) this.#found = { epoch: item.haltEpoch, sinceMs: nowMs() };
    if (nowMs() - this.#found.sinceMs < timings.foundHaltMs) return;
    const isNew = item.haltEpoch > launch.halt.epoch;
    if (!isNew && !(await this.#isLiftDone(launch))) return;
    // The press of an epoch that the record knows is the one that was lifted.
    const kept = isNew ? await fact(this.#context, launchId, FACT.haltPress(item.haltEpoch)) : null;
    const unknown: HaltPress = {
      by: null,
      source: 'cli',
      reason: 'found in the switch item; who pressed it is not known',
      pressedAtMs: nowMs(),
    };
    await recordHalt(this.#context, launchId, item.haltEpoch, readPress(kept) ?? unknown);
  }

  /** A lift that has yet to reach the item leaves nothing to find. After it somebody has halted the item by hand, or it is from before: nobody can lift what is lifted. */
  async #isLiftDone(launch: Launch): Promise<boolean> {
    const { cloud, journal } = this.#context;
    const entries = await journal.entries(launch.id);
    const lifting = entries.filter(({ kind }) => ['HaltLifted', 'FireApproved', 'TakenOver'].includes(kind));
    const last = lifting.flatMap((entry) => effectsOf(entry, launch)).findLast(({ kind }) => kind === 'lift-halt');
    return last === undefined || (await cloud.live.effectResult(launch.id, last.id)) !== null;
  }

  /** The two were read one after the other, so a press or the item's first write may lie in between: only what a second look confirms is mended. */
  async #mend(before: Launch): Promise<void> {
    const { cloud, journal } = this.#context;
    // Once known: the mark may be lost with its table.
    this.#wasWritten ||= (await cloud.live.effectResult(before.id, SWITCHES_WRITTEN)) !== null;
    const item = await cloud.switches.read(before.id, { consistent: true });
    const launch = await journal.launch(before.id);
    if (launch === null || isInForce(launch, item)) return;
    if (item === null) await this.#restore(launch, this.#wasWritten);
    // Known to the record before the item was read, and still: a press writes the item first, so it was lost or edited.
    if (before.halt.active && launch.halt.active && launch.halt.epoch === before.halt.epoch)
      await this.#enforce(launch, item);
  }

  /** Workers pause without the item. The record is the truth of what stood in it; a halt that it knows is put in force by `#enforce`. */
  async #restore(launch: Launch, wasThere: boolean): Promise<void> {
    const { cloud, log, execute } = this.#context;
    await cloud.switches.apply(launch.id, launch.seq, switchValues(launch));
    if (!wasThere) return;
    log.error(
      { launchId: launch.id, seq: launch.seq },
      'the switch item was missing: it is written again from the record',
    );
    await execute(launch.id, {
      kind: 'note',
      by: null,
      text: 'The switch item that workers read was missing, so they paused. It was written again from the record. A halt that was pressed just before may be lost: if somebody pressed one, press it again.',
    });
  }

  /** An epoch that no presses can have made: halted all the same, under the record's own count. */
  async #unlikely(launch: Launch, item: SwitchItem): Promise<void> {
    const { cloud, log, execute, journal, nowMs } = this.#context;
    log.error(
      { launchId: launch.id, item, epoch: launch.halt.epoch },
      'the switch item holds a halt epoch that nobody can have pressed',
    );
    await execute(launch.id, {
      kind: 'set-halt',
      epoch: item.haltEpoch,
      by: null,
      source: 'cli',
      reason: 'the switch item was changed by hand',
      pressedAtMs: nowMs(),
    });
    const epoch = journal.peek(launch.id)?.halt.epoch ?? launch.halt.epoch;
    if (!(await cloud.switches.resetEpoch(launch.id, item.haltEpoch, epoch))) return;
    await execute(launch.id, {
      kind: 'note',
      by: null,
      text: `The switch item that workers read held halt ${item.haltEpoch}, and the record knows ${launch.halt.epoch}: nobody has pressed halt that often, so somebody wrote it by hand. Sending stands halted, and the item was put back to halt ${epoch}. Find out who can write that table; then two people lift the halt with /go resume.`,
    });
  }

  async #enforce(launch: Launch, item: SwitchItem | null): Promise<void> {
    this.#context.log.error(
      { launchId: launch.id, epoch: launch.halt.epoch, item },
      'the record is halted and the switch item is not: halting it again',
    );
    const { switches } = this.#context.cloud;
    // Who writes the item for the first time catches up just now too: that counts no halt twice.
    if (item === null || item.haltEpoch < launch.halt.epoch) await switches.catchUp(launch.id, launch.halt);
    else await switches.halt(launch.id);
  }
}

/** Whether workers read what the record wants them to. */
function isInForce(launch: Launch, item: SwitchItem | null): boolean {
  return item !== null && (!launch.halt.active || (item.halted && item.haltEpoch >= launch.halt.epoch));
}
