import type { LanePeer, LaneSick, LaneWeather } from '../../contract/report.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { WriteTerms } from '../halt/write-check.ts';
import type { Condemned } from './campaign-meter.ts';
import type { Held } from './held.ts';

export type Outcome =
  | { state: 'accepted' }
  /** `goneAtMs`: since when the provider knows that the token is no longer valid, epoch ms; absent: it did not say. */
  | { state: 'failed'; reason: string; goneAtMs?: number }
  | { state: 'uncertain'; reason: string }
  | { state: 'held'; why: Held };

export interface LaneJob {
  /** Devices are numbered 0 … count-1 inside the job. */
  readonly count: number;
  /** Device token as the provider's URL or body wants it (hex for APNs). */
  token(index: number): string;
  /** Index of the message template (one per locale). */
  template(index: number): number;
  /** Asked before every write, with the device's place: null to go on, or why it and what comes after it may not be written. `paused` means: ask again soon. */
  stop(index: number): Held | null;
  /** `atMs`: when, on the shared monotonic clock; absent: now. */
  settle(index: number, outcome: Outcome, atMs?: number): void;
  /** Told after every write, so that what is on the wire can be counted. A device that the provider refused unread is written, and told, again. */
  wrote?(index: number): void;
  /** Told when the provider refused a write unread: the device is unsent again. */
  again?(index: number): void;
  /** Told when the last answers say that whoever gets this content will be refused. */
  condemn?(condemned: Condemned): void;
  /** For a lane that writes in threads of its own: the job must have it there. */
  readonly elsewhere?: Elsewhere;
}

/** A job in a form that another thread can work through by itself. */
export interface Elsewhere {
  /** Id of the batch in the audience, and the places in it that are to be sent; null: all, in order. */
  readonly batch: string;
  readonly devices: Uint32Array | null;
  readonly terms: WriteTerms;
  /** Told which thread has it now, by its number. */
  by?(thread: number): void;
  /** Instead of the job's: so many writes more, and when the first and last of them were, epoch ms. */
  wrote(writes: number, firstAtMs: number, lastAtMs: number): void;
  /** So many writes more were refused unread. */
  again?(writes: number): void;
}

/**
 * Everything constant in a request. One per locale; prepared before the first write. `body`: APNs, the payload as it
 * is sent; FCM, the JSON text of the v1 `message` without its `token`, which the lane puts in.
 */
export interface Template {
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

export interface LaneStatus {
  provider: 'apns' | 'fcm';
  connections: number;
  /** Connections with an authenticated answer; each has one credential for its life. */
  primed: number;
  /** Streams that may be open now over all connections. */
  streams: number;
  inFlight: number;
  /** Of the oldest credential that an open connection has, and of the one that ends first; null: none is open. */
  credentialAgeMs: number | null;
  credentialLeftMs: number | null;
  /** What that oldest one was made with: the id of the key; null: none is open. */
  key: string | null;
  /** Why the provider did not take the newest credential when a connection tried it; null: it did, or none has tried. */
  refusal: string | null;
  /** What nearly everybody gets from the provider just now; null: it takes pushes as fast as it is given them. */
  weather: LaneWeather | null;
  /** Connections that were given up as sick; null: none. */
  sick: LaneSick | null;
  /** What was met where the provider should be; null: nothing was tried yet. */
  peer: LanePeer | null;
}

export interface Lane {
  readonly platform: Platform;
  /** Opens all connections; resolves when each is open or has failed once (the pool goes on reopening). */
  open(signal: AbortSignal): Promise<void>;
  /** One rationed push per device to make connections authenticated; `devices` are staff devices: those of before are forgotten. */
  prime(devices: readonly { token: string }[], signal: AbortSignal): Promise<void>;
  /** Templates of one shot; jobs refer to them by index. */
  prepare(templates: readonly Template[]): PreparedShot;
  /** Resolves when every device of the job is settled. Never rejects for a device's fate. */
  send(shot: PreparedShot, job: LaneJob): Promise<void>;
  /**
   * Resolves at once, or when the lane can take another job without queueing more than it may hold. `reserved`: devices
   * that will come besides (batches that are being claimed); asked anew at every change. Default none.
   */
  capacity(reserved?: () => number): Promise<void>;
  /** Per second over this lane; 0 is no limit. May change while sending. */
  pace(perSecond: number): void;
  /** Neither credentials nor connections are replaced for age while frozen (a shot runs, an order waits for its press), unless they are dying. */
  freezeCredential(frozen: boolean): void;
  status(): LaneStatus;
  close(): Promise<void>;
}

/** Opaque to callers. */
export interface PreparedShot {
  readonly templates: readonly Template[];
}
