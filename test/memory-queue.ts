import type { Queues, Received } from '../infra/aws/queues.ts';

/** A queue in memory, for tests of who receives: what is put in is received once, and what became of it is written down. Nothing comes again by itself. */
export class MemoryQueue {
  readonly gone: string[] = [];
  readonly back: [receipt: string, afterSeconds: number][] = [];
  readonly received: object[] = [];
  /** Of handBack, also for nothing. */
  backCalls = 0;
  /** Of the next receive, hand-back and remove. */
  fault: Error | null = null;
  backFault: Error | null = null;
  removeFault: Error | null = null;
  #waiting: Received[] = [];
  #arrival = Promise.withResolvers<void>();

  put(...messages: Partial<Received>[]): void {
    this.#waiting.push(...messages.map((one) => ({ body: '', receipt: 'r', receives: 1, group: null, ...one })));
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
  }

  queues(): Queues {
    return {
      receive: async (_queue: string, { signal, ...options }: { signal?: AbortSignal }) => {
        this.received.push(options);
        const { fault } = this;
        this.fault = null;
        if (fault !== null) throw fault;
        const ended = new Promise<never>((_, reject) => {
          signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
        });
        ended.catch(() => null);
        await new Promise((done) => setImmediate(done));
        while (this.#waiting.length === 0) await Promise.race([this.#arrival.promise, ended]);
        return this.#waiting.splice(0, 10);
      },
      remove: async (_queue: string, receipts: readonly string[]) => {
        const { removeFault } = this;
        this.removeFault = null;
        if (removeFault !== null) throw removeFault;
        this.gone.push(...receipts);
      },
      handBack: async (_queue: string, receipts: readonly string[], afterSeconds: number) => {
        this.backCalls += 1;
        const { backFault } = this;
        this.backFault = null;
        if (backFault !== null) throw backFault;
        this.back.push(...receipts.map((receipt): [string, number] => [receipt, afterSeconds]));
      },
    } as unknown as Queues;
  }
}
