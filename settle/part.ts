import type { ManifestBatch } from '../contract/manifest.ts';
import type { Platform } from '../runbooks/launch/entries.ts';
import type { Shot } from '../runbooks/launch/launch.ts';
import type { AttemptSet } from './members.ts';

/** One segment of a shot, and its batches with something to send. */
export interface Part {
  segment: string;
  attempt: number;
  /** Those of the whole segment, also where this attempt has nobody of one; empty: there are none. */
  variants: string[];
  platform: Platform;
  notAfterMs: number;
  batches: { id: string; key: string; set: AttemptSet; count: number; variant: string | null }[];
  /** With what earlier attempts have answered by now. */
  setNow: (batch: ManifestBatch['id']) => Promise<AttemptSet | undefined>;
  unclaimed: (shot: Shot, nowMs: number) => 'halted' | 'late' | null;
}
