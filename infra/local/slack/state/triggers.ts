import { secretId } from './ids.ts';
import { SlackError } from './slack-error.ts';

/** Slack: a trigger lives for 3 s after the person's press (docs/facts.md#slack-ack). */
const TRIGGER_MS = 3_000;

interface Trigger {
  user: string;
  /** The view in which the person pressed, for views.push. */
  viewId: string | null;
  expiresAtMs: number;
  exchanged: boolean;
}

/** trigger_ids: the proof that a person has just asked for something, good for one modal. */
export class Triggers {
  #triggers = new Map<string, Trigger>();
  #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  issue(user: string, viewId: string | null = null): string {
    const nowMs = this.#nowMs();
    for (const [id, trigger] of this.#triggers) if (trigger.expiresAtMs < nowMs - 60_000) this.#triggers.delete(id);
    const id = `${nowMs}.${this.#triggers.size}.${secretId(12)}`;
    this.#triggers.set(id, { user, viewId, expiresAtMs: nowMs + TRIGGER_MS, exchanged: false });
    return id;
  }

  exchange(id: string): { user: string; viewId: string | null } {
    const trigger = this.#triggers.get(id);
    if (trigger === undefined) throw new SlackError('invalid_trigger_id');
    if (this.#nowMs() > trigger.expiresAtMs) throw new SlackError('expired_trigger_id');
    if (trigger.exchanged) throw new SlackError('exchanged_trigger_id');
    trigger.exchanged = true;
    return trigger;
  }
}
