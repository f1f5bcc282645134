import { claimUnits, size, SIZE_DEFAULTS } from '../../contract/sizing.ts';
import type { Deployment } from './read-config.ts';

/** What a new table on demand takes at once (docs/facts.md#dynamodb-on-demand). */
const NEW_TABLE = { reads: 12_000, writes: 4_000 };

/**
 * Units a second that the claims table must stand ready for, with the part to spare that the fleet has too. Claims are spread
 * by their keys, and no other table is written at the rate of a shot.
 */
export function claimsWarmth({ config, runbook, warmed }: Deployment): { reads: number; writes: number } {
  const { devices, within } = config.size;
  const writes = claimUnits({ devices, seconds: within / 1_000, batchSize: runbook.delivery.batch_size });
  return {
    reads: Math.max(NEW_TABLE.reads, warmed?.reads ?? 0),
    // What stands can't be lowered (docs/facts.md#dynamodb-warm-throughput).
    writes: Math.max(NEW_TABLE.writes, Math.ceil(writes * (1 + SIZE_DEFAULTS.spare)), warmed?.writes ?? 0),
  };
}

/** Of workers, all at once: the fleet, and a canary beside it. */
export const tasksOf = ({ workers, images }: Pick<Deployment['config'], 'workers' | 'images'>): number =>
  workers.count + (images.canary === undefined ? 0 : 1);

/**
 * The fleet of the configuration, and what the sizing asks for (`npm run size`). A worker sends on all of its cores but one
 * (workers/config.ts).
 */
export function fleetOf({ config }: Pick<Deployment, 'config'>): {
  tasks: number;
  vcpu: number;
  wanted: number;
  bound: string;
} {
  const { size: asked, workers } = config;
  const { tasks: wanted, bound } = size({
    ...SIZE_DEFAULTS,
    devices: asked.devices,
    seconds: asked.within / 1_000,
    latencyMs: asked.latency,
    iosShare: asked.ios_percent / 100,
    cores: Math.max(1, Math.floor(workers.vcpu) - 1),
  });
  return { tasks: workers.count, vcpu: workers.vcpu, wanted, bound };
}
