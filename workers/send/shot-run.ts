import type { ShotSnapshot } from '../../contract/report.ts';
import type { StoreClock } from '../../infra/aws/store-clock.ts';
import { wallClock } from '../../infra/aws/store-clock.ts';
import { sharedClockMs } from '../../infra/monotonic.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { PLATFORMS } from '../../runbooks/launch/entries.ts';
import { ShotStop } from '../halt/shot-stop.ts';
import type { SwitchView } from '../halt/switch-view.ts';
import type { Condemned } from '../lanes/campaign-meter.ts';
import type { Held } from '../lanes/held.ts';
import type { Lane, PreparedShot } from '../lanes/lane.ts';
import type { ShotTrace } from '../report/shot-trace.ts';
import { ShotTally } from '../report/tally.ts';
import type { Authority } from './authority.ts';
import { templatesOf } from './templates.ts';

/** One shot as this worker sends it: authority, templates, counts, and whether its answers have stopped it on this worker. */
export class ShotRun {
  readonly authority: Authority;
  readonly tally: ShotTally;
  /** Seen by all threads, see WriteTerms. What one provider says of the content stops nothing at the other one. */
  readonly stops: Readonly<Record<Platform, ShotStop>> = { ios: ShotStop.create(), android: ShotStop.create() };
  /** When something was last written or settled here, on the shared monotonic clock. */
  activeAtMs: number;
  /** When a batch was last claimed here, by segment, on the shared monotonic clock. */
  readonly claimedAtMs = new Map<string, number>();
  /** Batches that were claimed and are not accounted for yet. */
  inHand = 0;
  /** The record has its close. */
  isClosed: boolean;
  lastSnapshot: ShotSnapshot | null = null;
  /** Null: nobody traces. */
  trace: ShotTrace | null = null;
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
    for (const platform of PLATFORMS) this.stops[platform].halt();
  }

  platforms(): Platform[] {
    const { audience, segments } = this.authority.shot;
    return segments.flatMap(({ segment }) => audience.segments.find(({ id }) => id === segment)?.platform ?? []);
  }

  prepared(platform: Platform, lane: Lane): PreparedShot {
    const { launch, shot } = this.authority;
    return (this.#prepared[platform] ??= lane.prepare(templatesOf(platform, shot, launch.id, this.#locales)));
  }

  /** The answers that stopped it here; null: none did. */
  condemned(platform: Platform): Condemned | null {
    return this.stops[platform].condemned;
  }

  /** Of all of its platforms. */
  get isStoppedWhole(): boolean {
    return this.platforms().every((platform) => this.condemned(platform) !== null);
  }

  /** Why nothing may be claimed now, or null. `untilMs`: the end of the platform's window. */
  stop(platform: Platform, switches: SwitchView, untilMs: number): Held | null {
    const held = switches.stop(this.authority.shot.haltEpoch);
    if (held === 'halted' || this.#halted || this.isClosed) return 'halted';
    const stopped = this.stops[platform].held;
    if (stopped !== null) return stopped;
    return this.#clock.latestMs() >= untilMs ? 'late' : held;
  }
}
