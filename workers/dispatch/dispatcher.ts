import { setTimeout as sleep } from 'node:timers/promises';
import { POLL_SECONDS } from '../../infra/aws/queues.ts';
import type { Queues, Received } from '../../infra/aws/queues.ts';
import { untilDone, whileHeld } from '../held-message.ts';
import type { Foreign } from '../report/foreign.ts';
import { cut } from '../report/foreign.ts';
import { OrderFates } from './order-fates.ts';
import type { FateOptions } from './order-fates.ts';

export interface DispatcherOptions extends FateOptions {
  queues: Queues;
  /** The queue of orders. */
  segments: string;
  foreign: Foreign;
  /** An order of ours was refused: shown in the worker's report. */
  onRefused: (say: string) => void;
  /** How long a dispatcher that died keeps an order from the others, seconds. */
  visibilitySeconds?: number;
}

/** As many as one call gives: what is nobody's is passed over ten at a time. */
const AT_ONCE = 10;
/** Orders that wait for a store or their turn; beyond them none is received. */
const AT_HAND_MOST = 100;
/**
 * Short, because a shot may have a minute in all, and a dispatcher that dies must not keep a whole segment from the
 * others for most of it. Extended while an order is being served; one that outlives it is cut again, into the same batches.
 */
const VISIBILITY_SECONDS = 8;

/** Takes orders off their queue: each is held until its fate is known (order-fates.ts), however long a store is away. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #stop = new AbortController();
  readonly #visibilitySeconds: number;
  readonly #fates: OrderFates;
  readonly #serving = new Set<Promise<void>>();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#visibilitySeconds = options.visibilitySeconds ?? VISIBILITY_SECONDS;
    this.#fates = new OrderFates(options, this.#stop.signal);
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Takes no new order; resolves when those at hand are done or handed back. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await Promise.all(this.#serving);
  }

  async #run(): Promise<void> {
    const { queues, segments, log } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        if (this.#serving.size >= AT_HAND_MOST) await Promise.race(this.#serving);
        const orders = await queues.receive(segments, {
          max: AT_ONCE,
          waitSeconds: POLL_SECONDS,
          visibilitySeconds: this.#visibilitySeconds,
          signal,
        });
        for (const order of orders) this.#serve(order);
      } catch (error) {
        if (signal.aborted) return;
        log.error({ err: error }, 'segment queue cannot be read; trying again');
        await sleep(500, null, { signal }).catch(() => null);
      }
    }
  }

  /** Beside the loop: neither a copy that waits for its provider nor an order that waits for a store holds up the next one. */
  #serve(order: Received): void {
    const serving: Promise<void> = this.#settle(order)
      .catch((error: unknown) =>
        this.#options.log.error({ err: error }, 'an order could not be taken off its queue; it comes again'),
      )
      .finally(() => this.#serving.delete(serving));
    this.#serving.add(serving);
  }

  async #settle({ body, receipt, group }: Received): Promise<void> {
    const { queues, segments, log, foreign, onRefused } = this.#options;
    const holding = { queues, queue: segments, visibilitySeconds: this.#visibilitySeconds, log };
    const { value: fate } = await whileHeld(holding, receipt, () =>
      untilDone(
        () => this.#fates.of(body, group),
        this.#stop.signal,
        (error, delayMs) => {
          log.error({ err: error, delayMs }, 'order could not be served; trying again');
          if (error instanceof Error && 'code' in error && error.code === 'RECORD_BROKEN') onRefused(error.message);
        },
      ),
    );
    if (fate === null) return queues.handBack(segments, [receipt], 0);
    if ('backSeconds' in fate) return queues.handBack(segments, [receipt], fate.backSeconds);
    if ('foreign' in fate) foreign.order(fate.foreign);
    if ('refused' in fate) {
      log.error({ order: cut(body), why: fate.refused }, 'order refused');
      onRefused(fate.refused);
    }
    await queues.remove(segments, [receipt]);
  }
}
