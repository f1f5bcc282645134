import type { Platform } from '../../../runbooks/launch/entries.ts';

const minuteMs = 60_000;

/**
 * How often one device was pushed to within a minute. Only devices that had a push before come here, so it
 * is small however large the launch. The receipt that came before the first one seen here counts as one
 * of the same minute, which it usually is.
 */
export class DeviceLimits {
  readonly #windows = new Map<string, { fromMs: number; pushes: number }>();
  readonly #most: number;

  constructor(mostDevices = 200_000) {
    this.#most = mostDevices;
  }

  /** One more push to a device that had one before; true if that is more than `perMinute` (0: no limit). */
  repeated(platform: Platform, high: number, low: number, perMinute: number, nowMs: number): boolean {
    if (perMinute === 0) return false;
    const key = `${platform}${high}/${low}`;
    const window = this.#windows.get(key);
    if (window !== undefined && nowMs - window.fromMs < minuteMs) {
      window.pushes += 1;
      return window.pushes > perMinute;
    }
    if (this.#windows.size >= this.#most) this.#windows.clear();
    const pushes = window === undefined ? 2 : 1;
    this.#windows.set(key, { fromMs: nowMs, pushes });
    return pushes > perMinute;
  }

  clear(): void {
    this.#windows.clear();
  }
}

/** Counts in windows, each beginning with its first event. */
export class Window {
  readonly #usualMs: number;
  #lengthMs: number;
  #fromMs = Number.NEGATIVE_INFINITY;
  #events = 0;

  constructor(lengthMs: number) {
    this.#usualMs = lengthMs;
    this.#lengthMs = lengthMs;
  }

  /** One more event; true if there are more than `most` in this window of `lengthMs` (0: no limit). */
  over(most: number, nowMs: number, lengthMs = this.#usualMs): boolean {
    if (most === 0) return false;
    this.#lengthMs = lengthMs;
    if (nowMs - this.#fromMs >= this.#lengthMs || nowMs < this.#fromMs) {
      this.#fromMs = nowMs;
      this.#events = 0;
    }
    this.#events += 1;
    return this.#events > most;
  }

  /** Until the window ends, ms. */
  leftMs(nowMs: number): number {
    return Math.max(0, this.#fromMs + this.#lengthMs - nowMs);
  }
}
