import { wallClock as takenForTheStores } from '../../infra/aws/store-clock.ts';
import { sharedClockMs } from '../halt/switch-view.ts';
import { Lease } from './lease.ts';
import type { LeaseMemory } from './lease.ts';

/** A lease over a whole batch that nobody renews, in a window that ends `lateMs` from now. */
export function leaseFor(ms: number, lateMs = ms): LeaseMemory {
  const lease = Lease.create();
  const nowMs = sharedClockMs();
  lease.grant({ untilMs: nowMs + ms, lateAtMs: nowMs + lateMs, mark: Number.POSITIVE_INFINITY });
  return lease.memory;
}

/** The store's time, where the test has no store. */
export const wallClock = takenForTheStores();
