/** SQS by name; URLs are looked up once. All calls take up any number of messages and cut them into tens. */
export interface Queues {
  /** FIFO. Resends what comes back in Failed[] until all are in or the signal aborts; rejects with the rest otherwise. */
  sendFifo(queue: string, messages: readonly { body: string; group: string; dedup: string }[], signal?: AbortSignal): Promise<void>;
  /** Standard. Same promise; sends several batch calls at once. */
  send(queue: string, bodies: readonly string[], signal?: AbortSignal): Promise<void>;
  receive(queue: string, options: { max: number; waitSeconds: number; visibilitySeconds: number; signal?: AbortSignal }): Promise<Received[]>;
  /** Failed deletes are retried, then reported; a message that comes again is harmless by the claim. */
  remove(queue: string, receipts: readonly string[]): Promise<void>;
  /** Hands messages back now (0) or later. */
  handBack(queue: string, receipts: readonly string[], afterSeconds: number): Promise<void>;
  depth(queue: string): Promise<{ visible: number; inFlight: number; delayed: number }>;
  /** Creates the pool's queues with their attributes if they are missing (FIFO high throughput, DLQ after 5 receives). */
  ensurePool(pool: string): Promise<void>;
}

export interface Received { body: string; receipt: string; receives: number }
