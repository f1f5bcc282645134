import type { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { SWITCH_READ_TIMEOUT_MS } from '../../infra/aws/clients.ts';
import type { CloudConfig } from '../../infra/aws/cloud-config.ts';
import type { StampedAnswer } from '../../infra/aws/store-clock.ts';
import { endThread, startThread } from '../../infra/thread.ts';
import type { SwitchThreadData, SwitchThreadSays } from './switch-thread.ts';
import { createSwitchMemory, SwitchView } from './switch-view.ts';
import type { SwitchMemory } from './switch-view.ts';

/** `memory`: what the view looks at, for views in other threads. */
export interface SwitchWatch {
  view: SwitchView;
  memory: SwitchMemory;
  stop(): Promise<void>;
}

/** A read begins every 250 ms, whatever becomes of the ones before it: a store that takes a third of a second for each pauses nobody. */
const EVERY_MS = 250;
const TIMEOUT_MS = SWITCH_READ_TIMEOUT_MS;
const RESTART_MS = 500;
/** It waits for a read at most. */
const END_MS = 1_000;

/** `onAnswer`: of the store to the thread. */
export interface SwitchWatchOptions {
  config: CloudConfig;
  launchId: string;
  log: Logger;
  onAnswer?: (answer: StampedAnswer) => void;
}

/** Starts the thread that polls the launch's switch item. If the thread dies it is started again; until then no read is confirmed, so the worker pauses. */
export function watchSwitches({ config, launchId, log, onAnswer = () => undefined }: SwitchWatchOptions): SwitchWatch {
  const memory = createSwitchMemory();
  const data: SwitchThreadData = { config, launchId, memory, everyMs: EVERY_MS, timeoutMs: TIMEOUT_MS };
  let thread: Worker | null = null;
  let restart: NodeJS.Timeout | null = null;
  let stopped = false;

  const start = () => {
    thread = startThread(new URL('./switch-thread.ts', import.meta.url), { workerData: data });
    thread.on('message', (said: SwitchThreadSays) => {
      if ('answered' in said) return onAnswer(said.answered);
      const { reachable, why } = said;
      if (reachable) log.info('switch item is read again');
      else log.warn({ why }, 'switch item cannot be read');
    });
    thread.on('error', (error) => log.error({ err: error }, 'switch thread failed'));
    thread.on('exit', () => {
      if (!stopped) restart = setTimeout(start, RESTART_MS);
    });
  };
  start();

  return {
    view: new SwitchView(memory),
    memory,
    async stop() {
      stopped = true;
      if (restart !== null) clearTimeout(restart);
      if (thread !== null) await endThread(thread, 'end', END_MS);
    },
  };
}
