import type { Logger } from 'pino';
import type { Change, Json } from '../state/model.ts';
import { APP } from '../state/seed.ts';
import type { WorkspaceState } from '../state/workspace-state.ts';
import { eventCallback, eventsOf } from './payloads.ts';
import type { Outcome, Retry, Transport } from './transport.ts';

/** Slack: three more tries, at once, after a minute and after five. */
const RETRY_AFTER_MS = [0, 60_000, 300_000];
/** What the next try gives as its reason, by what became of the last; else `http_error`. */
const RETRY_REASON: ReadonlyMap<string | undefined, Retry['reason']> = new Map([
  ['operation_timeout', 'timeout'],
  ['dispatch_failed', 'connection_failed'],
]);

const MESSAGE_EVENTS: Record<string, string> = {
  channel: 'message.channels',
  group: 'message.groups',
  im: 'message.im',
};

/** Brings every event of people, and of channels the app is in, to the app, with Slack's retries. */
export class EventDelivery {
  #timers = new Set<NodeJS.Timeout>();
  #unsubscribe: () => void;
  #state: WorkspaceState;
  #transport: () => Transport;
  #log: Logger;
  #subscribed: ReadonlySet<string>;

  constructor(options: {
    state: WorkspaceState;
    transport: () => Transport;
    log: Logger;
    /** As in a manifest: `message.channels`, `user_change` … */ subscribed: readonly string[];
  }) {
    this.#state = options.state;
    this.#transport = options.transport;
    this.#log = options.log;
    this.#subscribed = new Set(options.subscribed);
    this.#unsubscribe = options.state.onChange((change) => this.#onChange(change));
  }

  stop(): void {
    this.#unsubscribe();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #onChange(change: Change): void {
    for (const event of eventsOf(change, change.kind === 'message' ? change.message.ts : this.#state.nextTs(), (id) =>
      this.#typeOf(id),
    )) {
      if (this.#mayHear(event)) this.#try(eventCallback(event, this.#state.nowMs()), null);
    }
  }

  #typeOf(channelId: string): 'channel' | 'group' | 'im' {
    const channel = this.#state.channel(channelId);
    return channel.im_with !== undefined ? 'im' : channel.is_private ? 'group' : 'channel';
  }

  /** An app hears of what it has subscribed to, in channels that it is in. */
  #mayHear(event: Json): boolean {
    const type = String(event['type']);
    if (!this.#subscribed.has(type === 'message' ? (MESSAGE_EVENTS[String(event['channel_type'])] ?? '') : type))
      return false;
    const item = event['item'] as Json | undefined;
    const channelId = event['channel'] ?? item?.['channel'];
    if (typeof channelId !== 'string') return true;
    const channel = this.#state.channel(channelId);
    return channel.members.includes(APP.botUserId);
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
    const reason = RETRY_REASON.get(outcome.error) ?? 'http_error';
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#try(payload, { num: tries + 1, reason });
    }, waitMs);
    timer.unref();
    this.#timers.add(timer);
  }
}
