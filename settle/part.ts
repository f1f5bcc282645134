import type { ManifestBatch } from '../contract/manifest.ts';
import type { Platform } from '../runbooks/launch/entries.ts';
import type { Shot } from '../runbooks/launch/launch.ts';
import type { AttemptSet } from './members.ts';

/** One segment of a shot, and its batches with something to send. */
export interface Part {
  segment: string;
  attempt: number;
  platform: Platform;
  notAfterMs: number;
  batches: { id: string; key: string; set: AttemptSet; count: number }[];
  /** With what earlier attempts have answered by now. */
  setNow: (batch: ManifestBatch['id']) => Promise<AttemptSet | undefined>;
  unclaimed: (shot: Shot, nowMs: number) => 'halted' | 'late' | null;
}
