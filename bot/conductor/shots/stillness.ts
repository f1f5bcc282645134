import { devicesOf } from '../../../contract/figures.ts';
import { poolPace } from '../../../contract/pace.ts';
import type { ShotSnapshot } from '../../../contract/report.ts';
import type { Platform } from '../../../runbooks/launch/entries.ts';
import { DEVICE_STATES, PLATFORMS } from '../../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../../runbooks/launch/launch.ts';
import type { Still } from '../../views/standstill.ts';

/** Every push is written and next to all are answered: the last answers may take the lane's deadline (10 s), and the account of a worker that died a little more. */
const STRAGGLERS_MS = 20_000;
const STRAGGLERS = 20;
/** Below this pace even a healthy shot has longer pauses between two pushes: so many of them are waited for. */
const PAUSES = 3;
/** And while a ramp has just begun, for so many: each worker takes its share of next to nothing. */
const RISING_PAUSES = 10;
/** Whoever sees a shot this soon after its press has seen all of it. */
const NEW_MS = 4_000;
/** Nobody looked for so long: what was not seen meanwhile is no sign. */
const BLIND_MS = 1_000;

interface Seen {
  count: number;
  movedAtMs: number;
  everMoved: boolean;
}

/** Which platforms of a shot stand still, from what workers report. Counts are cumulative, so whatever changes them is movement. */
export class Stillness {
  readonly #stillMs: number;
  readonly #seen = new Map<string, Seen>();
  #lookedAtMs: number | null = null;

  /** `stillMs`: without movement for so long a platform stands still. */
  constructor(stillMs: number) {
    this.#stillMs = stillMs;
  }

  /** `snapshots`: one per worker boot, its newest. */
  look(launch: Launch, shot: Shot, snapshots: readonly ShotSnapshot[], nowMs: number): Still[] {
    const blindMs = this.#lookedAtMs === null ? 0 : nowMs - this.#lookedAtMs;
    if (blindMs > BLIND_MS) for (const seen of this.#seen.values()) seen.movedAtMs += blindMs;
    this.#lookedAtMs = nowMs;
    const devices = devicesOf(launch, shot);
    return PLATFORMS.flatMap((platform) => {
      if (devices[platform] === 0 || nowMs >= shot.notAfterAtMs[platform]) return [];
      const written = sum(snapshots, platform, ['written']);
      const finished = sum(snapshots, platform, DEVICE_STATES);
      const seen = this.#moved(shot, platform, written + finished, nowMs);
      const left = devices[platform] - finished;
      const waiting = Math.max(0, written - sum(snapshots, platform, ['accepted', 'failed', 'uncertain']));
      if (
        left <= 0 ||
        nowMs - seen.movedAtMs <
          this.#patienceMs(launch, shot, platform, { devices: devices[platform], left, waiting, ...seen }, nowMs)
      )
        return [];
      return [
        {
          platform,
          sinceMs: seen.movedAtMs,
          everMoved: seen.everMoved,
          left,
          devices: devices[platform],
          waiting: Math.min(waiting, left),
        },
      ];
    });
  }

  #patienceMs(
    launch: Launch,
    shot: Shot,
    platform: Platform,
    { devices, left, waiting, movedAtMs }: Pick<Still, 'devices' | 'left' | 'waiting'> & Seen,
    nowMs: number,
  ): number {
    if (left <= waiting && left <= Math.max(STRAGGLERS, devices / 100)) return Math.max(this.#stillMs, STRAGGLERS_MS);
    // In a ramp, the mean since it moved: what would have gone out by then.
    const perSecond = paceOf(launch, shot, platform, (movedAtMs + nowMs) / 2);
    const isRising = perSecond < paceOf(launch, shot, platform, nowMs);
    if (isRising) return Math.max(this.#stillMs, (RISING_PAUSES * 1_000) / perSecond);
    return perSecond === 0 ? this.#stillMs : Math.max(this.#stillMs, (PAUSES * 1_000) / perSecond);
  }

  #moved(shot: Shot, platform: Platform, count: number, nowMs: number): Seen {
    const before = this.#seen.get(platform);
    if (before === undefined) {
      // Whoever comes to a shot on its way has seen nothing of it yet.
      const isNew = nowMs - shot.pressedAtMs < NEW_MS && count === 0;
      const first = { count, movedAtMs: isNew ? shot.pressedAtMs : nowMs, everMoved: count > 0 };
      this.#seen.set(platform, first);
      return first;
    }
    if (count !== before.count) Object.assign(before, { count, movedAtMs: nowMs, everMoved: true });
    return before;
  }
}

/** As workers reckon it; 0: no limit. */
export function paceOf(launch: Launch, shot: Shot, platform: Platform, nowMs: number): number {
  return poolPace(platform, launch.runbook.delivery, setPace(launch, platform), nowMs - shot.pressedAtMs);
}

/** The pace that somebody has set; 0: as the runbook says. */
export function setPace(launch: Launch, platform: Platform): number {
  const set = launch.switches[`pace.${platform}`]?.value;
  return typeof set === 'number' ? set : 0;
}

function sum(
  snapshots: readonly ShotSnapshot[],
  platform: Platform,
  what: readonly ('written' | (typeof DEVICE_STATES)[number])[],
): number {
  return snapshots.reduce(
    (total, { platforms }) => what.reduce((one, state) => one + platforms[platform][state], total),
    0,
  );
}
