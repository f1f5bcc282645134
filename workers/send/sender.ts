import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ClaimStore } from '../../infra/aws/claim-store.ts';
import type { Journal } from '../../infra/aws/journal.ts';
import type { Queues, Received } from '../../infra/aws/queues.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { PLATFORMS } from '../../runbooks/launch/entries.ts';
import type { LoadedAudience } from '../audience/loaded-audience.ts';
import { correctShot } from '../close/correct.ts';
import type { LateAccount } from '../close/correct.ts';
import { batchMessage } from '../contract.ts';
import type { BatchMessage } from '../contract.ts';
import type { SwitchView } from '../halt/switch-view.ts';
import type { Lane } from '../lanes/lane.ts';
import { claimBatch, sendBatch } from './batch-run.ts';
import { AT_HAND, Hands, VISIBILITY_SECONDS } from './hands.ts';
import type { AtHand } from './hands.ts';
import type { Share } from './pace.ts';
import type { ShotRuns } from './shot-runs.ts';

export interface SenderOptions {
  queues: Queues;
  queue: string;
  claims: ClaimStore;
  journal: Journal;
  launchId: string;
  bootId: string;
  lanes: Record<Platform, Lane>;
  switches: SwitchView;
  runs: ShotRuns;
  /** Null while it is being loaded. */
  audience: () => LoadedAudience | null;
  share: (platform: Platform) => Share;
  log: Logger;
}

/**
 * receiving → draining → stopped.
 *
 * receiving: keeps a few messages at hand per platform, claims one when the lane has room, sends it beside the
 * others. draining: takes nothing new, hands back what is unclaimed, waits for what is claimed.
 */

const LOOK_AGAIN_MS = 50;
const FOREIGN_BACK_SECONDS = 5;
/** A platform without new messages for this long has none waiting: the other one's need not be stirred for it. */
const HUNGRY_MS = 4_000;
const NOT_LOADED_BACK_SECONDS = 2;

export class Sender {
  readonly #options: SenderOptions;
  readonly #hands: Hands;
  readonly #rooms: Partial<Record<Platform, Promise<void>>> = {};
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #corrections = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();
  readonly #lastSeenMs: Record<Platform, number> = { ios: 0, android: 0 };
  #paused = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#hands = new Hands(options);
  }

  start(): void {
    this.#loops = Promise.all([this.#receive(), ...PLATFORMS.map((platform) => this.#feed(platform))]);
  }

  /** While paused nothing is received (the audience is being replaced); what is at hand is handed back. */
  async pause(paused: boolean): Promise<void> {
    this.#paused = paused;
    if (paused) await this.#hands.backAll();
  }

  /** Claimed batches that are being sent or accounted for. */
  get inHand(): number {
    return this.#running.size;
  }

  /** Takes nothing new and hands back what is unclaimed. Resolves when every claimed batch is accounted for. */
  async drain(): Promise<void> {
    this.#stop.abort();
    await this.#hands.backAll();
    await this.#loops;
    await this.#hands.backAll();
    await Promise.all(this.#running);
    this.#corrections.abort();
  }

  async #receive(): Promise<void> {
    const { queues, queue, log } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      if (this.#paused || this.#full() || this.#options.runs.anyStopped()) {
        await this.#wait(LOOK_AGAIN_MS / 2);
        continue;
      }
      try {
        const received = await queues.receive(queue, { max: AT_HAND, waitSeconds: 20, visibilitySeconds: VISIBILITY_SECONDS, signal });
        if (this.#paused || signal.aborted) await queues.handBack(queue, received.map(({ receipt }) => receipt), 0);
        else await Promise.all(received.map((one) => this.#admit(one)));
      } catch (error) {
        if (signal.aborted) return;
        log.error({ err: error }, 'batch queue cannot be read; trying again');
        await this.#wait(500);
      }
    }
  }

  /**
   * True: no platform wants more. One that is held back by its pace must not starve the other, which shares the
   * queue with it; nor may its messages be taken and put back again and again for one that has none left.
   */
  #full(): boolean {
    const running = PLATFORMS.filter((platform) => this.#options.runs.runningPlatforms().has(platform));
    return running.length > 0 && !running.some((platform) => this.#wantsMore(platform));
  }

  #wantsMore(platform: Platform): boolean {
    if (!this.#options.share(platform).active || this.#hands.count(platform) > AT_HAND / 2) return false;
    const others = PLATFORMS.some((other) => other !== platform && this.#hands.count(other) > 0);
    return !others || Date.now() - this.#lastSeenMs[platform] < HUNGRY_MS;
  }

  async #admit({ body, receipt, receives }: Received): Promise<void> {
    const { queues, queue, launchId, runs, audience, log } = this.#options;
    const message = parse(body);
    if (message === null) {
      log.error('a batch message that is none was dropped');
      return this.#drop(receipt);
    }
    const said = { shotId: message.shotId, batch: message.batch };
    if (message.launchId !== launchId) return queues.handBack(queue, [receipt], FOREIGN_BACK_SECONDS);
    const found = await runs.find(message.shotId).catch((error: unknown) => {
      log.error({ ...said, err: error }, 'record cannot be read; the batch is handed back');
      return null;
    });
    if (found === null) return queues.handBack(queue, [receipt], 1);
    if (!found.ok) {
      if (found.code === 'AUDIENCE_NOT_LOADED') return queues.handBack(queue, [receipt], NOT_LOADED_BACK_SECONDS);
      log.error({ ...said, code: found.code, say: found.say }, 'batch without authority dropped');
      return this.#drop(receipt);
    }
    const { run } = found;
    const place = placeOf(audience(), message.batch);
    const isPart = run.authority.shot.segments.some(({ segment, attempt }) => segment === message.segment && attempt === message.attempt);
    if (place === null || place.segment !== message.segment || !isPart) {
      log.error({ ...said, segment: message.segment, attempt: message.attempt }, 'batch that is not part of its shot dropped');
      return this.#drop(receipt);
    }
    if (this.#lastSeenMs[place.platform] === 0) for (const platform of run.platforms()) this.#lastSeenMs[platform] = Date.now();
    this.#lastSeenMs[place.platform] = Date.now();
    await this.#hands.put(place.platform, { message, run, receipt, receives, sinceMs: Date.now() });
  }

  async #feed(platform: Platform): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const hand = this.#hands.take(platform);
      if (hand === undefined) {
        await this.#wait(LOOK_AGAIN_MS / 5);
        continue;
      }
      try {
        await this.#offer(platform, hand);
      } catch (error) {
        this.#options.log.error({ err: error, shotId: hand.message.shotId, batch: hand.message.batch }, 'batch could not be claimed; it is handed back');
        await this.#hands.back([hand], 1);
      }
    }
  }

  /** Waits until the batch may be claimed, claims it, and starts sending it. */
  async #offer(platform: Platform, hand: AtHand): Promise<void> {
    const { switches, share, lanes, log } = this.#options;
    const { run, message } = hand;
    const notAfterMs = run.authority.shot.notAfterAtMs[platform];
    for (;;) {
      if (this.#stop.signal.aborted || this.#paused) return this.#hands.back([hand], 0);
      if (await this.#hands.isLost(platform, hand)) return;
      const why = run.stop(switches, notAfterMs);
      if (run.stoppedBy !== null) return this.#hands.back([hand], 1);
      if (why === 'halted' || why === 'late') {
        // The closer says what becomes of it.
        log.info({ shotId: message.shotId, batch: message.batch, why }, 'batch dropped unclaimed');
        return this.#drop(hand.receipt);
      }
      const { active } = share(platform);
      if (why === null && active && await this.#hasRoom(platform, lanes[platform])) break;
      // Others send for now, and this one is for them.
      if (why === null && !active && await this.#hands.release(platform, hand)) return;
      if (why !== null || !active) await this.#wait(LOOK_AGAIN_MS);
    }
    await this.#claimAndSend(platform, hand);
  }

  async #claimAndSend(platform: Platform, { message, run, receipt }: AtHand): Promise<void> {
    const { claims, lanes, switches, bootId, audience, log } = this.#options;
    const view = audience()?.view(message.batch);
    if (view === undefined) throw new Error('AUDIENCE_NOT_LOADED: it was taken away while a batch was at hand');
    const batchLog = log.child({ shotId: message.shotId, batch: message.batch });
    const context = { claims, lane: lanes[platform], switches, bootId, log: batchLog, onLateAccount: (late: LateAccount) => this.#correct(late) };
    run.inHand += 1;
    try {
      const claimed = await claimBatch(context, run, message, view);
      if (!claimed.won) {
        run.inHand -= 1;
        // Claimed and open: left alone, to come again until it is accounted for or closed.
        if (claimed.holder.state !== 'claimed') await this.#drop(receipt);
        return;
      }
      run.activeAtMs = Date.now();
      const sending = sendBatch(context, run, message, view, claimed)
        .then(() => this.#drop(receipt))
        .catch((error: unknown) => batchLog.error({ err: error }, 'BATCH_LOST: sending failed'))
        .finally(() => {
          run.inHand -= 1;
          this.#running.delete(sending);
        });
      this.#running.add(sending);
    } catch (error) {
      run.inHand -= 1;
      throw error;
    }
  }

  #correct(late: LateAccount): void {
    const { journal, log } = this.#options;
    correctShot(journal, late, this.#corrections.signal).then(
      (submitted) => log.info({ shotId: late.shotId, batch: late.batch, corrected: submitted?.ok === true }, 'late account recorded'),
      (error: unknown) => log.error({ err: error, shotId: late.shotId, batch: late.batch }, 'late account could not be recorded'),
    );
  }

  /** One waiting promise per lane: asking again and again must not pile them up. */
  async #hasRoom(platform: Platform, lane: Lane): Promise<boolean> {
    const room = this.#rooms[platform] ??= lane.room().finally(() => { delete this.#rooms[platform]; });
    return Promise.race([room.then(() => true), sleep(LOOK_AGAIN_MS, false)]);
  }

  async #drop(receipt: string): Promise<void> {
    const { queues, queue, log } = this.#options;
    await queues.remove(queue, [receipt]).catch((error: unknown) => log.warn({ err: error }, 'a message was not deleted; it is harmless by its claim'));
  }

  async #wait(ms: number): Promise<void> {
    await sleep(ms, null, { signal: this.#stop.signal }).catch(() => null);
  }
}

function parse(body: string): BatchMessage | null {
  try {
    return batchMessage.parse(JSON.parse(body));
  } catch {
    return null;
  }
}

function placeOf(audience: LoadedAudience | null, batch: string): { platform: Platform; segment: string } | null {
  try {
    return audience?.batch(batch) ?? null;
  } catch {
    return null;
  }
}
