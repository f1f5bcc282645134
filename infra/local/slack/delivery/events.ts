import type { Logger } from 'pino';
import type { Change, Json } from '../state/model.ts';
import { APP } from '../state/seed.ts';
import type { WorkspaceState } from '../state/workspace-state.ts';
import { eventCallback, eventsOf } from './payloads.ts';
import type { Outcome, Retry, Transport } from './transport.ts';

/** Slack: three more tries, at once, after a minute and after five. */
const RETRY_AFTER_MS = [0, 60_000, 300_000];

/** Brings every event of people, and of channels the app is in, to the app, with Slack's retries. */
export class EventDelivery {
  #timers = new Set<NodeJS.Timeout>();
  #unsubscribe: () => void;
  #state: WorkspaceState;
  #transport: () => Transport;
  #log: Logger;

  constructor(options: { state: WorkspaceState; transport: () => Transport; log: Logger }) {
    this.#state = options.state;
    this.#transport = options.transport;
    this.#log = options.log;
    this.#unsubscribe = options.state.onChange((change) => this.#onChange(change));
  }

  stop(): void {
    this.#unsubscribe();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #onChange(change: Change): void {
    for (const event of eventsOf(change, change.kind === 'message' ? change.message.ts : this.#state.nextTs())) {
      if (this.#mayHear(event)) this.#try(eventCallback(event, this.#state.nowMs()), null);
    }
  }

  /** The app's manifest asks for no event of direct messages. */
  #mayHear(event: Json): boolean {
    const item = event['item'] as Json | undefined;
    const channelId = event['channel'] ?? item?.['channel'];
    if (typeof channelId !== 'string') return true;
    const channel = this.#state.channel(channelId);
    return channel.im_with === undefined && channel.members.includes(APP.botUserId);
  }

  #try(payload: Json, retry: Retry | null): void {
    this.#transport()
      .deliver('events_api', payload, retry)
      .then((outcome) => this.#answered(payload, retry?.num ?? 0, outcome))
      .catch((error: unknown) => this.#log.error({ err: error }, 'an event could not be delivered'));
  }

  #answered(payload: Json, tries: number, outcome: Outcome): void {
    const waitMs = RETRY_AFTER_MS[tries];
    if (outcome.ok || outcome.noRetry === true || waitMs === undefined) return;
    const reason = outcome.error === 'operation_timeout' ? 'timeout' : outcome.error === 'dispatch_failed' ? 'connection_failed' : 'http_error';
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#try(payload, { num: tries + 1, reason });
    }, waitMs);
    timer.unref();
    this.#timers.add(timer);
  }
}
