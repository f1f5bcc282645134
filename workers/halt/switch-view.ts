import { sharedClockMs, sharedNowMs } from '../../infra/monotonic.ts';
import type { Held } from '../lanes/held.ts';

/**
 * What the switch thread has read last, in memory that both threads see. The sending thread asks before every
 * write, so reading costs a few loads and no message.
 *
 * Slots: epoch, halted, pace iOS, pace Android, and the time (in steps of `STEP_MS` after `originMs`) at which the last
 * confirmed read was begun.
 */
const EPOCH = 0;
const HALTED = 1;
const PACE_IOS = 2;
const PACE_ANDROID = 3;
const CONFIRMED = 4;
const SLOTS = 5;
/** A slot of milliseconds would be full after 25 days, and the worker would pause for good. Rounded down: a read counts as older than it is, never as newer. */
const STEP_MS = 10;
/** A slot holds no more: a pace beyond it would come out negative, which means none at all. */
const MOST = 0x7fffffff;

/** Without a confirmed read for so long a worker pauses by itself (docs/architecture.md#halt). */
export const PAUSE_AFTER_MS = 800;

export { sharedClockMs, sharedNowMs };

export interface SwitchMemory {
  shared: SharedArrayBuffer;
  originMs: number;
}

export function createSwitchMemory(): SwitchMemory {
  const shared = new SharedArrayBuffer(SLOTS * Int32Array.BYTES_PER_ELEMENT);
  const memory = { shared, originMs: sharedNowMs() - 10_000 };
  // Far enough back to count as never.
  Atomics.store(new Int32Array(shared), CONFIRMED, 0);
  return memory;
}

export interface SwitchReading {
  haltEpoch: number;
  halted: boolean;
  pace: { ios: number; android: number };
}

/** Used by the thread alone. The confirmation goes last: whoever sees it sees the values too. */
export function writeReading({ shared, originMs }: SwitchMemory, reading: SwitchReading, readBegunAtMs: number): void {
  const slots = new Int32Array(shared);
  Atomics.store(slots, EPOCH, reading.haltEpoch);
  Atomics.store(slots, HALTED, reading.halted ? 1 : 0);
  Atomics.store(slots, PACE_IOS, Math.min(reading.pace.ios, MOST));
  Atomics.store(slots, PACE_ANDROID, Math.min(reading.pace.android, MOST));
  Atomics.store(slots, CONFIRMED, Math.floor((readBegunAtMs - originMs) / STEP_MS));
}

export class SwitchView {
  readonly #slots: Int32Array;
  readonly #originMs: number;

  constructor({ shared, originMs }: SwitchMemory) {
    this.#slots = new Int32Array(shared);
    this.#originMs = originMs;
  }

  /** Milliseconds since the last confirmed read was begun. `nowMs`: sharedClockMs. */
  readAgoMs(nowMs = sharedClockMs()): number {
    return nowMs - this.#originMs - Atomics.load(this.#slots, CONFIRMED) * STEP_MS;
  }

  /**
   * What a shot approved under `haltEpoch` must do now. A halt that stands at the shot's own epoch is the one its
   * approval lifts: the lift is on its way, so it waits; a higher epoch ends it for good.
   */
  stop(haltEpoch: number, nowMs = sharedClockMs()): Exclude<Held, 'late'> | null {
    if (Atomics.load(this.#slots, EPOCH) > haltEpoch) return 'halted';
    if (Atomics.load(this.#slots, HALTED) === 1 || this.readAgoMs(nowMs) > PAUSE_AFTER_MS) return 'paused';
    return null;
  }

  /** Messages per second for the whole pool; 0: as the runbook says. */
  pace(platform: 'ios' | 'android'): number {
    return Atomics.load(this.#slots, platform === 'ios' ? PACE_IOS : PACE_ANDROID);
  }
}
