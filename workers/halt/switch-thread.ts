import { parentPort, workerData } from 'node:worker_threads';
import { createClients } from '../../infra/aws/clients.ts';
import type { CloudConfig } from '../../infra/aws/cloud-config.ts';
import type { StampedAnswer } from '../../infra/aws/store-clock.ts';
import { createSwitchStore } from '../../infra/aws/switch-store.ts';
import { tableNames } from '../../infra/aws/tables.ts';
import { switchPoll } from './switch-poll.ts';
import { sharedNowMs, writeReading } from './switch-view.ts';
import type { SwitchMemory } from './switch-view.ts';

/** Entry of the switch thread: polls the switch item, off the sending thread, so that a busy event loop never delays a halt. */
export interface SwitchThreadData {
  config: CloudConfig;
  launchId: string;
  memory: SwitchMemory;
  everyMs: number;
  timeoutMs: number;
}
export type SwitchThreadSays = { answered: StampedAnswer } | { reachable: boolean; why: string };

const { config, launchId, memory, everyMs, timeoutMs } = workerData as SwitchThreadData;
// Four answers a second, and from a thread that is never busy: nothing tells the store's time as well.
const clients = createClients(config, (answered) => tell({ answered }));
const store = createSwitchStore({
  reads: clients.switchReads,
  writes: clients.dynamo,
  table: tableNames(config.tablePrefix).switches,
});

function tell(said: SwitchThreadSays): void {
  parentPort?.postMessage(said);
}

const poll = switchPoll({
  // Consistent: a copy that lags behind would confirm that there is no halt. 4 reads a second and worker, so one partition serves
  // some 700 workers (docs/facts.md#dynamodb-partition); what 500 come to is measured in test/pool.
  read: () => store.read(launchId, { consistent: true, signal: AbortSignal.timeout(timeoutMs) }),
  confirm: (reading, begunMs) => writeReading(memory, reading, begunMs),
  nowMs: sharedNowMs,
  tell,
});

void poll();
setInterval(() => void poll(), everyMs);
