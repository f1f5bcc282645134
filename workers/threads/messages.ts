import type { LanePeer } from '../../contract/report.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { SharedAudience } from '../audience/packed/loaded-audience.ts';
import type { CredentialTiming } from '../credentials/clock.ts';
import type { Issued } from '../credentials/credential.ts';
import type { SwitchMemory } from '../halt/switch-view.ts';
import type { WriteTerms } from '../halt/write-check.ts';
import type { JobMemory } from './job-memory.ts';

/** What passes between the main thread and a sending thread. Halt, outcomes, pace and status do not: they are in shared memory. */

/** A template without the class of its body, which does not cross. */
export interface PlainTemplate {
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
}

/** One provider's lane in a thread. `connections`: this thread's part of them. */
export interface LaneSetup {
  platform: Platform;
  url: string;
  ca: string | null;
  proxy: string | null;
  connections: number;
  prime: PlainTemplate;
  /** The Firebase project; null for APNs. */
  projectId: string | null;
  /** `clock`: memory of a CredentialClock. */
  timing: Pick<CredentialTiming, 'renewEveryMs' | 'handedWithinMs'> & { clock: SharedArrayBuffer };
  pace: SharedArrayBuffer;
  gauge: SharedArrayBuffer;
}

/** `pulse`: one Int32 that goes up as long as the thread's event loop turns. */
export interface ThreadData {
  lanes: LaneSetup[];
  switches: SwitchMemory;
  reasons: SharedArrayBuffer;
  pulse: SharedArrayBuffer;
  logLevel: string;
}

/** `ask`: answered by `done` with the same number. */
export type ToThread =
  | { kind: 'credential'; platform: Platform; issued: Issued }
  | { kind: 'freeze'; platform: Platform; frozen: boolean }
  | { kind: 'audience'; audience: SharedAudience | null }
  | { kind: 'shot'; platform: Platform; shot: number; templates: PlainTemplate[] }
  | {
      kind: 'job';
      platform: Platform;
      shot: number;
      batch: string;
      devices: Uint32Array | null;
      terms: WriteTerms;
      memory: JobMemory;
    }
  | { kind: 'open'; platform: Platform; ask: number }
  | { kind: 'prime'; platform: Platform; ask: number; devices: readonly { token: string }[] }
  | { kind: 'may-prime'; asked: number; allowed: boolean }
  /** The pace has changed. */
  | { kind: 'paced'; platform: Platform }
  | { kind: 'close'; platform: Platform; ask: number }
  /** Closes what is open and ends by itself. `handsOver`: another thread gets what is unsent; otherwise it is held. */
  | { kind: 'end'; handsOver: boolean };

export type FromThread =
  | { kind: 'done'; ask: number; problem: string | null }
  | { kind: 'may-prime'; asked: number; platform: Platform; token: string; isRenewal: boolean }
  /** What a lane has met where the provider should be, at every change. */
  | { kind: 'peer'; platform: Platform; peer: LanePeer }
  /** The provider does not take the credential of this version. */
  | { kind: 'refused'; platform: Platform; version: number }
  | { kind: 'log'; line: string };

/** Status of a lane in a thread, as of some milliseconds ago. */
export const GAUGE = {
  primed: 0,
  streams: 1,
  inFlight: 2,
  credentialAgeMs: 3,
  credentialLeftMs: 4,
  refusal: 5,
  /** Of LaneWeather: 0 fair, 1 slow, 2 stopped. */
  weather: 6,
  weatherReason: 7,
  weatherForMs: 8,
  weatherRefused: 9,
  weatherWaiting: 10,
  weatherAgainMs: 11,
  /** Connections given up as sick, and why the last one was. */
  sick: 12,
  sickReason: 13,
  /** Streams that the weather lets it use; none in a thread that gets no answers. */
  usable: 14,
  /** Of the oldest credential that an open connection has: what it was made with, among the thread's reasons. */
  key: 15,
} as const;
/** Of reasons, where a number is that of the thread's reasons: none. Of a credential's times: no connection is open. */
export const NONE = -1;

export function createGauge(): SharedArrayBuffer {
  const gauge = new SharedArrayBuffer(Object.keys(GAUGE).length * Int32Array.BYTES_PER_ELEMENT);
  clearGauge(new Int32Array(gauge));
  return gauge;
}

export function clearGauge(gauge: Int32Array): void {
  gauge.fill(0).fill(NONE, GAUGE.credentialAgeMs, GAUGE.refusal + 1);
  for (const reason of [GAUGE.weatherReason, GAUGE.sickReason, GAUGE.key]) gauge[reason] = NONE;
}
