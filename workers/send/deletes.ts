import type { Logger } from 'pino';
import type { Queues } from '../../infra/aws/queues.ts';

/** As many as one call takes. */
const PER_CALL = 10;
/** Well within the visibility: a message that came again would cost a claim that fails. */
const AT_MOST_MS = 500;

/**
 * Messages of one queue that are done with, deleted ten at a time: a call for each batch would be a third of all calls that a
 * sender makes. What is lost with the process, or could not be deleted, comes again and is harmless by its claim.
 */
export class Deletes {
  readonly #queues: Pick<Queues, 'remove'>;
  readonly #queue: string;
  readonly #log: Logger;
  readonly #underWay = new Set<Promise<void>>();
  #receipts: string[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor({ queues, queue, log }: { queues: Pick<Queues, 'remove'>; queue: string; log: Logger }) {
    this.#queues = queues;
    this.#queue = queue;
    this.#log = log;
  }

  put(receipt: string): void {
    this.#receipts.push(receipt);
    if (this.#receipts.length >= PER_CALL) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), AT_MOST_MS);
  }

  /** Resolves when everything that was put in is deleted, or has failed. */
  async flush(): Promise<void> {
    if (this.#receipts.length > 0) this.#send();
    await Promise.all(this.#underWay);
  }

  #send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const receipts = this.#receipts.splice(0);
    const sending: Promise<void> = this.#queues
      .remove(this.#queue, receipts)
      .catch((error: unknown) =>
        this.#log.warn(
          { err: error, messages: receipts.length },
          'messages were not deleted; they are harmless by their claims',
        ),
      )
      .finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
  }
}
