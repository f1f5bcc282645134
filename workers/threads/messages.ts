import type { Platform } from '../../runbooks/launch/entries.ts';
import type { SharedAudience } from '../audience/loaded-audience.ts';
import type { SwitchMemory } from '../halt/switch-view.ts';
import type { WriteTerms } from '../halt/write-check.ts';
import type { JobMemory } from './job-memory.ts';

/** What passes between the main thread and a sending thread. Halt, outcomes, pace and status do not: they are in shared memory. */

/** A template without the class of its body, which does not cross. */
export interface PlainTemplate { headers: Readonly<Record<string, string>>; body: Uint8Array }

/** One provider's lane in a thread. `connections`: this thread's part of them. */
export interface LaneSetup {
  platform: Platform; url: string; ca: string | null; connections: number; prime: PlainTemplate;
  /** The Firebase project; null for APNs. */
  projectId: string | null;
  pace: SharedArrayBuffer;
  accepted: SharedArrayBuffer;
  gauge: SharedArrayBuffer;
}

export interface ThreadData { lanes: LaneSetup[]; switches: SwitchMemory; reasons: SharedArrayBuffer; logLevel: string }

/** `ask`: answered by `done` with the same number. */
export type ToThread =
  | { kind: 'credential'; platform: Platform; authorization: string; version: number }
  | { kind: 'audience'; audience: SharedAudience | null }
  | { kind: 'shot'; platform: Platform; shot: number; templates: PlainTemplate[] }
  | { kind: 'job'; platform: Platform; shot: number; batch: string; devices: Uint32Array | null; terms: WriteTerms; memory: JobMemory }
  | { kind: 'open'; platform: Platform; ask: number }
  | { kind: 'prime'; platform: Platform; ask: number; devices: readonly { token: string }[] }
  | { kind: 'may-prime'; asked: number; allowed: boolean }
  /** The pace has changed. */
  | { kind: 'paced'; platform: Platform }
  | { kind: 'close'; platform: Platform; ask: number }
  /** Closes what is open and ends by itself. */
  | { kind: 'end' };

export type FromThread =
  | { kind: 'done'; ask: number; problem: string | null }
  | { kind: 'may-prime'; asked: number; platform: Platform; token: string }
  | { kind: 'log'; line: string };

/** Status of a lane in a thread, as of some milliseconds ago. */
export const GAUGE = { primed: 0, streams: 1, inFlight: 2 } as const;

export function createGauge(): SharedArrayBuffer {
  return new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT);
}
