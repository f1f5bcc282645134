import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Share } from '../../contract/pace.ts';
import type { ClaimStore } from '../../infra/aws/claim-store.ts';
import type { Journal } from '../../infra/aws/journal.ts';
import type { Queues } from '../../infra/aws/queues.ts';
import { POLL_SECONDS } from '../../infra/aws/queues.ts';
import { sharedClockMs } from '../../infra/monotonic.ts';
import { waitAtMost } from '../../infra/time-limit.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { correctShot } from '../../settle/correct.ts';
import type { LateAccount } from '../../settle/correct.ts';
import type { SetReader } from '../../settle/frozen-sets.ts';
import type { LoadedAudience } from '../audience/packed/loaded-audience.ts';
import type { Known } from '../dispatch/known.ts';
import type { SwitchView } from '../halt/switch-view.ts';
import type { Lane } from '../lanes/lane.ts';
import type { Foreign } from '../report/foreign.ts';
import { Admission } from './admission.ts';
import { sendBatch } from './batch-run.ts';
import { Deletes } from './deletes.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { AT_HAND, PrefetchBuffer, VISIBILITY_SECONDS } from './prefetch-buffer.ts';
import type { AtHand } from './prefetch-buffer.ts';
import type { ShotRuns } from './shot-runs.ts';
import { takeBatch } from './take-batch.ts';
import type { LeaseClock } from './take-batch.ts';

export interface SenderOptions {
  platform: Platform;
  lane: Lane;
  queues: Queues;
  /** The platform's batch queue. */
  queue: string;
  claims: ClaimStore;
  setOf: SetReader;
  journal: Journal;
  clock: LeaseClock;
  launchId: string;
  bootId: string;
  switches: SwitchView;
  runs: ShotRuns;
  /** What may be in the record, before it is read in full. */
  known: Known;
  /** Whether that launch has the pool now, so that its batches are for others. */
  isServed: (launchId: string) => Promise<boolean>;
  foreign: Foreign;
  /** Null while it is being loaded. */
  audience: () => LoadedAudience | null;
  share: () => Share;
  /** Told to people in the worker's report. */
  complain: (say: string) => void;
  log: Logger;
}

/**
 * receiving → draining → stopped. One piece over 300 lines: what is at hand, claimed and sent is counted against one capacity.
 *
 * receiving: keeps a few messages at hand, claims one when the lane has capacity, sends it beside the others. draining: takes nothing new, hands back what is unclaimed, waits for what is claimed.
 */

const LOOK_AGAIN_MS = 50;
/** The holder of a batch may be dead, and what its lease covers may be all. */
const AGAIN_MOST_SECONDS = 10;

export class Sender {
  readonly #options: SenderOptions;
  readonly #buffer: PrefetchBuffer;
  readonly #deletes: Deletes;
  readonly #keeper: LeaseKeeper;
  #capacity: Promise<void> | null = null;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #admission: Admission;
  /** Devices of batches that are being claimed: they will want room too. */
  #claiming = 0;
  readonly #corrections = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();
  #paused = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#buffer = new PrefetchBuffer(options);
    this.#deletes = new Deletes(options);
    this.#admission = new Admission({
      ...options,
      buffer: this.#buffer,
      deletes: this.#deletes,
      signal: this.#stop.signal,
    });
    // No epoch is above this one: only what makes everybody wait.
    this.#keeper = new LeaseKeeper({
      ...options,
      isPaused: () => options.switches.stop(Number.POSITIVE_INFINITY) !== null,
    });
  }

  start(): void {
    this.#loops = Promise.all([this.#receive(), this.#feed()]);
  }

  /** While paused nothing is received (the audience is being replaced); what is at hand is handed back. */
  async pause(paused: boolean): Promise<void> {
    this.#paused = paused;
    if (paused) await this.#buffer.backAll();
  }

  /** Claimed batches that are being sent or accounted for. */
  get inHand(): number {
    return this.#running.size;
  }

  /** What is unwritten of the claimed batches goes to others: for the end of a drain. */
  giveBack(): void {
    this.#keeper.giveBackAll();
  }

  /** Takes nothing new and hands back what is unclaimed. Resolves when every claimed batch is accounted for. */
  async drain(): Promise<void> {
    this.#stop.abort();
    this.#buffer.wake();
    await this.#buffer.backAll();
    await this.#loops;
    await this.#admission.end();
    await this.#buffer.backAll();
    await Promise.all(this.#running);
    await this.#deletes.flush();
    this.#corrections.abort();
  }

  async #receive(): Promise<void> {
    const { queues, queue, log } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      if (
        this.#paused ||
        this.#options.audience() === null ||
        this.#buffer.count > AT_HAND / 2 ||
        this.#admission.isFull ||
        !this.#options.share().active ||
        this.#options.runs.anyCondemned(this.#options.platform)
      ) {
        await this.#wait(LOOK_AGAIN_MS / 2);
        continue;
      }
      try {
        const received = await queues.receive(queue, {
          max: 10,
          waitSeconds: POLL_SECONDS,
          visibilitySeconds: VISIBILITY_SECONDS,
          signal,
        });
        if (this.#paused || signal.aborted)
          await queues.handBack(
            queue,
            received.map(({ receipt }) => receipt),
            0,
          );
        else for (const one of received) this.#admission.take(one);
      } catch (error) {
        if (signal.aborted) return;
        log.error({ err: error }, 'batch queue cannot be read; trying again');
        await this.#wait(500);
      }
    }
  }

  async #feed(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const hand = this.#buffer.take();
      if (hand === undefined) {
        await this.#buffer.arrival();
        continue;
      }
      // A claim is one round trip: several are under way at once, as many as the lane has room for.
      const mayClaim = await this.#mayClaim(hand).catch((error: unknown) => this.#failed(hand, error));
      if (mayClaim === true) this.#claim(hand);
    }
  }

  #claim(hand: AtHand): void {
    const claiming: Promise<void> = this.#claimAndSend(hand)
      .catch((error: unknown) => this.#failed(hand, error))
      .finally(() => this.#running.delete(claiming));
    this.#running.add(claiming);
  }

  async #failed(hand: AtHand, error: unknown): Promise<void> {
    this.#options.log.error(
      { err: error, shotId: hand.message.shotId, batch: hand.message.batch },
      'batch could not be claimed; it is handed back',
    );
    await this.#buffer.back([hand], 1);
  }

  /** Waits until the batch may be claimed. False: it is gone, handed back or dropped. */
  async #mayClaim(hand: AtHand): Promise<boolean> {
    const { switches, share, platform, log } = this.#options;
    const { run, message } = hand;
    const notAfterMs = run.authority.shot.notAfterAtMs[platform];
    for (;;) {
      if (this.#stop.signal.aborted || this.#paused) {
        await this.#buffer.back([hand], 0);
        return false;
      }
      if (await this.#buffer.isLost(hand)) return false;
      const why = run.stop(platform, switches, notAfterMs);
      if (why === 'returned') {
        await this.#buffer.back([hand], 1);
        return false;
      }
      if (why === 'halted' || why === 'late') {
        // The closer says what becomes of it.
        log.info({ shotId: message.shotId, batch: message.batch, why }, 'batch dropped unclaimed');
        this.#deletes.put(hand.receipt);
        return false;
      }
      const { active } = share();
      if (why === null && active && (await this.#hasCapacity())) return true;
      // Others send for now, and this one is for them.
      if (why === null && !active && (await this.#buffer.release(hand))) return false;
      if (why !== null || !active) await this.#wait(LOOK_AGAIN_MS);
    }
  }

  async #claimAndSend(hand: AtHand): Promise<void> {
    const { message, run, receipt } = hand;
    const { claims, setOf, lane, switches, clock, bootId, audience, platform, share, log } = this.#options;
    const view = audience()?.view(message.batch);
    if (view === undefined) throw new Error('AUDIENCE_NOT_LOADED: it was taken away while a batch was at hand');
    const batchLog = log.child({ shotId: message.shotId, batch: message.batch });
    const context = {
      claims,
      setOf,
      lane,
      switches,
      clock,
      bootId,
      share,
      keeper: this.#keeper,
      log: batchLog,
      onLateAccount: (late: LateAccount) => this.#correct(late),
    };
    const notAfterMs = run.authority.shot.notAfterAtMs[platform];
    const isOver = () =>
      this.#stop.signal.aborted ||
      ['halted', 'late', 'returned'].includes(run.stop(platform, switches, notAfterMs) ?? '');
    const times = run.trace?.begin(platform, message.batch, view.count) ?? null;
    run.inHand += 1;
    this.#claiming += view.count;
    try {
      const taken = await takeBatch(
        { ...context, isOver, complain: this.#options.complain },
        run,
        message,
        view,
      ).finally(() => {
        this.#claiming -= view.count;
      });
      if (!taken.won) {
        // Held by somebody, or not to be asked now: it comes again.
        if (taken.isFinal) this.#deletes.put(receipt);
        else await this.#buffer.back([hand], Math.min(AGAIN_MOST_SECONDS, Math.ceil(taken.againMs / 1_000)));
        return;
      }
      run.claimedAtMs.set(message.segment, sharedClockMs());
      run.activeAtMs = sharedClockMs();
      if (times !== null) times.claimedMs = clock.nowMs();
      await sendBatch({ ...context, times }, run, message, view, taken.held, receipt).then(
        (end) => {
          if (times !== null) run.trace?.end(times);
          return end === 'accounted' ? this.#deletes.put(receipt) : this.#buffer.back([hand], 0);
        },
        (error: unknown) => batchLog.error({ err: error }, 'BATCH_LOST: sending failed'),
      );
    } finally {
      run.inHand -= 1;
    }
  }

  #correct(late: LateAccount): void {
    const { journal, log } = this.#options;
    correctShot(journal, late, this.#corrections.signal).then(
      (submitted) =>
        log.info(
          { shotId: late.shotId, batch: late.batch, corrected: submitted?.ok === true },
          'late account recorded',
        ),
      (error: unknown) =>
        log.error({ err: error, shotId: late.shotId, batch: late.batch }, 'late account could not be recorded'),
    );
  }

  /** One waiting promise: asking again and again must not pile them up. */
  async #hasCapacity(): Promise<boolean> {
    const capacity = (this.#capacity ??= this.#options.lane
      .capacity(() => this.#claiming)
      .finally(() => {
        this.#capacity = null;
      }));
    return waitAtMost(
      LOOK_AGAIN_MS,
      capacity.then(() => true),
      false,
    );
  }

  async #wait(ms: number): Promise<void> {
    await sleep(ms, null, { signal: this.#stop.signal }).catch(() => null);
  }
}
