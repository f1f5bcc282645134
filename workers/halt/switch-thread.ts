import { parentPort, workerData } from 'node:worker_threads';
import { createClients } from '../../infra/aws/clients.ts';
import type { CloudConfig } from '../../infra/aws/cloud.ts';
import type { StampedAnswer } from '../../infra/aws/store-clock.ts';
import { tableNames } from '../../infra/aws/create-cloud.ts';
import { createSwitchStore } from '../../infra/aws/switch-store.ts';
import { sharedNowMs, writeReading } from './switch-view.ts';
import type { SwitchMemory } from './switch-view.ts';

/**
 * Entry of the switch thread: polls the switch item, off the sending thread, so that a busy event loop never
 * delays a halt. A read that fails or takes too long confirms nothing; the next one begins on time all the same. Nor does
 * a missing item: it is there from the launch's creation on, so it was lost, and a halt may have stood in it. The worker
 * pauses until the conductor has written it again.
 */
export interface SwitchThreadData { config: CloudConfig; launchId: string; memory: SwitchMemory; everyMs: number; timeoutMs: number }
export type SwitchThreadSays = { answered: StampedAnswer } | { reachable: boolean; why: string };

const { config, launchId, memory, everyMs, timeoutMs } = workerData as SwitchThreadData;
// Four answers a second, and from a thread that is never busy: nothing tells the store's time as well.
const clients = createClients(config, (answered) => tell({ answered }));
const store = createSwitchStore({ reads: clients.switchReads, writes: clients.dynamo, table: tableNames(config.tablePrefix).switches });
let failing = false;
let newestBegunMs = 0;

function tell(said: SwitchThreadSays): void {
  parentPort?.postMessage(said);
}

async function poll(): Promise<void> {
  const begunMs = sharedNowMs();
  try {
    // Consistent: 4 reads a second and worker, so one partition serves some 700 workers (FACTS 7).
    const item = await store.read(launchId, { consistent: true, signal: AbortSignal.timeout(timeoutMs) });
    if (item === null) throw new Error('the switch item is missing');
    // An answer that was overtaken must not take a newer one back.
    if (begunMs < newestBegunMs) return;
    newestBegunMs = begunMs;
    writeReading(memory, item, begunMs);
    if (failing) tell({ reachable: true, why: '' });
    failing = false;
  } catch (error) {
    if (!failing) tell({ reachable: false, why: error instanceof Error ? error.message : String(error) });
    failing = true;
  }
}

void poll();
const polling = setInterval(() => void poll(), everyMs);
// Only ever asked to end.
parentPort?.once('message', () => {
  clearInterval(polling);
  clients.destroy();
  parentPort?.close();
});
