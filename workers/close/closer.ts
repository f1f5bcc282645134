import type { Logger } from 'pino';
import { CANNOT_CLOSE } from '../../contract/complaints.ts';
import { isNotForUs } from '../../infra/aws/cloud-error.ts';
import type { LiveStore } from '../../infra/aws/live-store.ts';
import type { StoreClock } from '../../infra/aws/store-clock.ts';
import { tellSpan } from '../../infra/watch/spans.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import type { Shot } from '../../runbooks/launch/launch.ts';
import { isOrderWaiting, runningShots } from '../../runbooks/launch/remaining.ts';
import { CloseMemo, closeShot, partsOf } from '../../settle/close.ts';
import type { CloseDeps } from '../../settle/close.ts';
import type { Rescue } from './rescue.ts';

export interface CloserOptions extends CloseDeps {
  launchId: string;
  holder: string;
  live: LiveStore;
  /** The launch as last read. */
  launch: () => Launch | null;
  /** Milliseconds since this process last sent or settled something of the shot; Infinity: it never did. A busy process knows that the shot is not over. */
  idleMs: (shotId: string) => number;
  /** Puts back what nobody works at. */
  rescue: Rescue;
  /** Told to people in the worker's report. */
  complain: (say: string) => void;
  log: Logger;
  everyMs?: number;
  /** Of this process; default `performance.now`. */
  monotonicMs?: () => number;
  /** Of the store. */
  clock: Pick<StoreClock, 'nowMs' | 'earliestMs'>;
}

const EVERY_MS = 250;
const CLOSE_EVERY_MS = 500;
/** A close that is refused is tried again after twice as long each time, up to this. */
const REFUSED_MOST_MS = 10_000;
const IDLE_MS = 400;
/** One walker at a time is enough; the lease only saves reads, and is not asked for more often than this. */
const LEASE_MS = 3_000;
const LEASE_EVERY_MS = 1_000;
/** Who waits for a GO reads what is new in the record so often: a shot whose order is lost must be known soon. */
const READ_EVERY_MS = 500;

interface Walked {
  memo: CloseMemo;
  refused: { code: string; atMs: number; waitMs: number } | null;
  lease: { isOurs: boolean; askedAtMs: number } | null;
}

/** Walks the shots of one launch: closes them when they are due, and sees to it that nothing of them lies around. Runs in every worker; one of them at a time walks a shot. */
export class Closer {
  readonly #options: CloserOptions;
  /** What is known of the shots that run, by their ids. */
  readonly #walked = new Map<string, Walked>();
  #readAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #stopped = false;

  constructor(options: CloserOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.round(), this.#options.everyMs ?? EVERY_MS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#running;
  }

  /** One round over all that runs, as `start` makes them; with one that is under way it is that one. Never rejects. */
  round(): Promise<void> {
    this.#running ??= this.#walk()
      .catch((error: unknown) => {
        this.#options.log.error({ err: error }, 'closing failed; it is tried again');
      })
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  async #walk(): Promise<void> {
    const { rescue } = this.#options;
    const current = await this.#present();
    if (current === null) return;
    const running = runningShots(current);
    for (const id of this.#walked.keys()) if (!running.some((shot) => shot.id === id)) this.#walked.delete(id);
    rescue.forget(running);
    for (const shot of running) {
      if (this.#stopped) return;
      const { refused } = this.#of(shot.id);
      if (refused !== null && this.#monotonicMs() - refused.atMs < refused.waitMs) continue;
      try {
        await this.#walkShot(current, shot);
      } catch (error) {
        // One that can't be read keeps none of the others from closing.
        if (!isNotForUs(error)) throw error;
        this.#refuse(shot, { code: error.code, say: error.message });
      }
    }
  }

  async #present(): Promise<Launch | null> {
    const { launchId, launch, journal, clock } = this.#options;
    const known = launch();
    if (known === null || !isOrderWaiting(known, clock.nowMs()) || this.#monotonicMs() - this.#readAtMs < READ_EVERY_MS)
      return known;
    this.#readAtMs = this.#monotonicMs();
    return journal.launch(launchId);
  }

  async #walkShot(launch: Launch, shot: Shot): Promise<void> {
    const { idleMs, rescue, clock } = this.#options;
    const { memo } = this.#of(shot.id);
    const over =
      shot.haltedAtMs !== null || clock.earliestMs() > Math.min(shot.notAfterAtMs.ios, shot.notAfterAtMs.android);
    const mayClose = (over || idleMs(shot.id) >= IDLE_MS) && this.#monotonicMs() - memo.walkedAtMs >= CLOSE_EVERY_MS;
    const mayBeLost = rescue.isDue(shot);
    if ((!mayClose && !mayBeLost) || !(await this.#isOurs(shot.id))) return;
    if (mayClose) await this.#close(shot, memo);
    if (!mayBeLost) return;
    memo.parts ??= await partsOf(this.#options, launch, shot);
    await rescue.look(launch, shot, memo.parts, memo);
  }

  async #close(shot: Shot, memo: CloseMemo): Promise<void> {
    const { launchId, log, clock } = this.#options;
    memo.walkedAtMs = this.#monotonicMs();
    const startMs = clock.nowMs();
    const result = await closeShot(this.#options, { launchId, shotId: shot.id, nowMs: clock.earliestMs(), memo });
    if (result.state === 'closed' && result.byUs) {
      log.info({ shotId: shot.id }, 'shot closed');
      tellSpan({ launchId, shotId: shot.id, name: 'close', startMs, endMs: clock.nowMs() });
    }
    if (result.state === 'refused') this.#refuse(shot, result);
    else this.#of(shot.id).refused = null;
  }

  /** Nothing here mends what the core refuses: it is said, and tried again seldom. The log has it once per cause, the report as long as it stands. */
  #refuse({ id }: Shot, { code, say }: { code: string; say: string }): void {
    const { log, complain } = this.#options;
    const walked = this.#of(id);
    const before = walked.refused;
    const waitMs = Math.min(REFUSED_MOST_MS, (before?.waitMs ?? CLOSE_EVERY_MS) * 2);
    walked.refused = { code, atMs: this.#monotonicMs(), waitMs };
    if (before?.code !== code) log.error({ shotId: id, code, say }, 'close was refused; it is tried again, seldom');
    complain(`${CANNOT_CLOSE} ${id}: ${say}`);
  }

  async #isOurs(shotId: string): Promise<boolean> {
    const { launchId, holder, live, clock } = this.#options;
    const known = this.#of(shotId).lease;
    if (known !== null && this.#monotonicMs() - known.askedAtMs < LEASE_EVERY_MS) return known.isOurs;
    const askedAtMs = this.#monotonicMs();
    const isOurs = await live.lease(`closer/${launchId}/${shotId}`, holder, LEASE_MS, clock.nowMs());
    this.#of(shotId).lease = { isOurs, askedAtMs };
    return isOurs;
  }

  #of(shotId: string): Walked {
    const walked = this.#walked.get(shotId) ?? { memo: new CloseMemo(), refused: null, lease: null };
    this.#walked.set(shotId, walked);
    return walked;
  }

  #monotonicMs(): number {
    return this.#options.monotonicMs?.() ?? performance.now();
  }
}
