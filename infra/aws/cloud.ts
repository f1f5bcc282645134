import type { Prices } from '../../runbooks/cost/prices.ts';
import type { AudienceTasks } from './audience-task.ts';
import type { Automations } from './automations.ts';
import type { ClaimStore } from './claim-store.ts';
import type { FactStore } from './fact-store.ts';
import type { HomeStore } from './home-store.ts';
import type { LiveStore } from './live-store.ts';
import type { Objects } from './objects.ts';
import type { Parameters } from './parameters.ts';
import type { Queues } from './queues.ts';
import type { RecordCopy } from './record-copy.ts';
import type { RecordStore } from './record-store.ts';
import type { Scaling } from './scaling/scaling.ts';
import type { StaffDevices } from './staff-devices.ts';
import type { StoreClock } from './store-clock.ts';
import type { SwitchStore } from './switch-store.ts';
import type { Words } from './words.ts';

/** Everything of AWS that bot and workers use. */
export interface Cloud {
  record: RecordStore;
  claims: ClaimStore;
  switches: SwitchStore;
  live: LiveStore;
  facts: FactStore;
  queues: Queues;
  /** Which region has a launch that has two. */
  homes: HomeStore;
  /** Carries the record from one region to the other; one of them is ours. */
  recordCopy(from: string, to: string): RecordCopy;
  objects: Objects;
  staff: StaffDevices;
  words: Words;
  scaling: Scaling;
  automations: Automations;
  /** Null: none is configured. */
  audienceTasks: AudienceTasks | null;
  /** Of AWS: `us-east-1`. */
  region: string;
  /** What it asks there; null: nobody here knows. */
  prices: Prices | null;
  /** Type of the instances that workers have one each of; null: they have none, or it is not known. */
  workerInstance: string | null;
  parameters: Parameters;
  /** The time that all processes have in common. */
  clock: StoreClock;
  close(): void;
}
