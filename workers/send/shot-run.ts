import type { StoreClock } from '../../infra/aws/store-clock.ts';
import { wallClock } from '../../infra/aws/store-clock.ts';
import { sharedClockMs } from '../../infra/monotonic.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { ShotSnapshot } from '../contract.ts';
import type { SwitchView } from '../halt/switch-view.ts';
import { stopShot } from '../halt/write-check.ts';
import type { After } from '../lanes/apns-answers.ts';
import { afterApns } from '../lanes/apns-answers.ts';
import { afterFcm } from '../lanes/fcm-answers.ts';
import type { Held, Lane, PreparedShot } from '../lanes/lane.ts';
import { ShotTally } from '../report/tally.ts';
import type { Authority } from './authority.ts';
import { templatesOf } from './templates.ts';

/** A provider that has one word for a bad token and a bad payload is believed to mean the payload after so many answers, most of them that word. */
const BAD_SHARE_AFTER = 200;
const BAD_SHARE = 0.5;

/** One shot as this worker sends it: authority, templates, counts, and whether it has stopped it on itself. */
export class ShotRun {
  readonly authority: Authority;
  readonly tally: ShotTally;
  /** Set once, by an answer that every further push would get too. */
  stoppedBy: string | null = null;
  /** The same for all threads, see WriteTerms. */
  readonly stopped = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  /** When something was last written or settled here, on the shared monotonic clock. */
  activeAtMs: number;
  /** When a batch was last claimed here, by segment, on the shared monotonic clock. */
  readonly claimedAtMs = new Map<string, number>();
  /** Batches that were claimed and are not accounted for yet. */
  inHand = 0;
  /** The record has its close. */
  isClosed: boolean;
  lastSnapshot: ShotSnapshot | null = null;
  readonly #clock: Pick<StoreClock, 'latestMs'>;
  readonly #locales: readonly string[];
  #halted = false;
  readonly #prepared: Partial<Record<Platform, PreparedShot>> = {};

  constructor(authority: Authority, locales: readonly string[], clock: Pick<StoreClock, 'latestMs'> = wallClock()) {
    this.#clock = clock;
    this.authority = authority;
    this.#locales = locales;
    this.tally = new ShotTally(authority.shot.id, authority.shot.pressedAtMs);
    this.activeAtMs = sharedClockMs();
    this.isClosed = authority.shot.closed !== null;
    if (authority.shot.haltedAtMs !== null) this.halt();
  }

  /** The record has a halt after its approval: over for good, whatever the switch item says by now. */
  halt(): void {
    this.#halted = true;
    stopShot(this.stopped);
  }

  platforms(): Platform[] {
    const { audience, segments } = this.authority.shot;
    return segments.flatMap(({ segment }) => audience.segments.find(({ id }) => id === segment)?.platform ?? []);
  }

  prepared(platform: Platform, lane: Lane): PreparedShot {
    const { launch, shot } = this.authority;
    return this.#prepared[platform] ??= lane.prepare(templatesOf(platform, shot, launch.id, this.#locales));
  }

  /** Why nothing may be claimed or written now, or null. `untilMs`: the end of the claim, or of the platform's window before there is one. */
  stop(switches: SwitchView, untilMs: number): Held | null {
    const held = switches.stop(this.authority.shot.haltEpoch);
    if (held === 'halted' || this.#halted || this.isClosed || this.stoppedBy !== null) return 'halted';
    return this.#clock.latestMs() >= untilMs ? 'late' : held;
  }

  /** Looks at a failure; returns the reason if this very answer has stopped the shot here. */
  failed(platform: Platform, reason: string): string | null {
    const after: After = platform === 'ios' ? afterApns(reason) : afterFcm(reason);
    if (this.stoppedBy !== null || after === 'drop-token' || after === 'no-retry') return null;
    if (after === 'bad-share') {
      const { accepted, failed } = this.tally.counts(platform);
      const bad = this.tally.reasons(platform)[reason] ?? 0;
      if (bad < BAD_SHARE_AFTER || bad < (accepted + failed) * BAD_SHARE) return null;
    }
    this.stoppedBy = reason;
    stopShot(this.stopped);
    return reason;
  }
}
