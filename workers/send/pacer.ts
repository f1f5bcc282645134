import { poolPace } from '../../contract/pace.ts';
import type { Share } from '../../contract/pace.ts';
import type { StoreClock } from '../../infra/aws/store-clock.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { PLATFORMS } from '../../runbooks/launch/entries.ts';
import type { SwitchView } from '../halt/switch-view.ts';
import type { Lane } from '../lanes/lane.ts';
import type { RollView } from './roll.ts';
import type { ShotRuns } from './shot-runs.ts';

export interface PacerOptions {
  lanes: Record<Platform, Lane>;
  runs: ShotRuns;
  switches: SwitchView;
  clock: Pick<StoreClock, 'nowMs'>;
  /** Who else sends. */
  roll: Pick<RollView, 'share'>;
  everyMs?: number;
}

const EVERY_MS = 250;
const UNLIMITED: Share = { perSecond: 0, active: true };

/** Sets the pace of both lanes a few times a second, from the runbook, the pace switches, the ramp and the workers that are there. */
export class Pacer {
  readonly #options: PacerOptions;
  readonly #shares: Record<Platform, Share> = { ios: UNLIMITED, android: UNLIMITED };
  #timer: NodeJS.Timeout | null = null;

  constructor(options: PacerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.update(), this.#options.everyMs ?? EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  share(platform: Platform): Share {
    return this.#shares[platform];
  }

  /** Also called when a shot begins, so that its first second is paced. */
  update(): void {
    for (const platform of PLATFORMS) {
      const share = this.#shareOf(platform);
      this.#shares[platform] = share;
      this.#options.lanes[platform].pace(share.perSecond);
    }
  }

  /** The ramp counts from the first of the shots that run, since the provider sees one sender. */
  #shareOf(platform: Platform): Share {
    const { runs, switches, clock, roll } = this.#options;
    const running = runs.all().filter((run) => !run.isClosed && run.platforms().includes(platform));
    const [first] = running.toSorted((a, b) => a.authority.shot.pressedAtMs - b.authority.shot.pressedAtMs);
    if (first === undefined) return UNLIMITED;
    const { delivery, pool } = first.authority.launch.runbook;
    const nowMs = clock.nowMs();
    const pace = poolPace(platform, delivery, switches.pace(platform), nowMs - first.authority.shot.pressedAtMs);
    return roll.share(pace, nowMs, {
      planned: pool.workers,
      batchSize: delivery.batch_size,
      sendWithinMs: delivery.send_within,
    });
  }
}
