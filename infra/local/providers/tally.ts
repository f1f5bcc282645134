import type { Platform } from '../../../runbooks/launch/entries.ts';
import { Curve } from './curve.ts';
import { DeviceSet } from './device-set.ts';

/** What one launch's real shots reached on one platform. */
export class Reach {
  readonly devices = new DeviceSet();
  distinct = 0;
  #shots = 0;

  /**
   * The bit of the next shot. The last one is shared: shots from the 32nd on keep a set of their own and
   * appear here only as "some later shot".
   */
  nextBit(): { bit: number; shared: boolean } {
    const number = Math.min(this.#shots++, 31);
    return { bit: (1 << number) >>> 0, shared: number === 31 };
  }
}

/** Test and prime sends are judged under their own shot and left out of the launch's figures. */
function isRehearsalShot(shotId: string): boolean {
  return shotId === 'prime' || shotId.startsWith('prime-') || shotId.startsWith('test-') || shotId === 'test';
}

/** What one shot of one launch reached on one platform. */
export class Tally {
  readonly launchId: string;
  readonly shotId: string;
  readonly platform: Platform;
  readonly rehearsal: boolean;
  /** Place in the ledger. */
  readonly number: number;
  received = 0;
  distinct = 0;
  readonly curve = new Curve();
  readonly #answers = new Map<string, { count: number }>();
  /** The entry of the answer that was counted last: most are the same. */
  #latest = { key: '', entry: { count: 0 } };
  readonly #reach: Reach | null;
  readonly #reachBit: number = 0;
  readonly #own: DeviceSet | null;
  /** Changed since the ledger last wrote it. */
  changed = true;

  constructor(number: number, launchId: string, shotId: string, platform: Platform, reach: Reach) {
    this.number = number;
    this.launchId = launchId;
    this.shotId = shotId;
    this.platform = platform;
    this.rehearsal = isRehearsalShot(shotId);
    this.#reach = this.rehearsal ? null : reach;
    if (this.#reach === null) {
      this.#own = new DeviceSet();
    } else {
      const { bit, shared } = this.#reach.nextBit();
      this.#reachBit = bit;
      this.#own = shared ? new DeviceSet() : null;
    }
  }

  /** Counts one receipt by a device; true if the device was seen before in this launch (or rehearsal shot). */
  receive(high: number, low: number): boolean {
    this.received += 1;
    this.changed = true;
    const inReach = this.#reach === null ? 0 : this.#reach.devices.mark(high, low, this.#reachBit);
    const inOwn = this.#own === null ? inReach & this.#reachBit : this.#own.mark(high, low, 1);
    if (inOwn === 0) this.distinct += 1;
    if (this.#reach === null) return inOwn !== 0;
    if (inReach === 0) this.#reach.distinct += 1;
    return inReach !== 0;
  }

  /** Answers that were written, by key. What is missing from `received` was never answered. */
  get answers(): [key: string, count: number][] {
    return [...this.#answers].map(([key, { count }]) => [key, count]);
  }

  restoreAnswers(answers: Readonly<Record<string, number>>): void {
    this.#answers.clear();
    this.#latest = { key: '', entry: { count: 0 } };
    for (const [key, count] of Object.entries(answers)) this.#answers.set(key, { count });
  }

  answered(key: string): void {
    this.changed = true;
    if (key !== this.#latest.key) {
      const entry = this.#answers.get(key) ?? { count: 0 };
      this.#answers.set(key, entry);
      this.#latest = { key, entry };
    }
    this.#latest.entry.count += 1;
  }
}
