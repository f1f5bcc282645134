import type { Logger } from 'pino';
import { batchMessage, MESSAGE_CHARS, unreadable } from '../../contract/orders.ts';
import type { BatchMessage } from '../../contract/orders.ts';
import { laterEachTime } from '../../infra/aws/queues.ts';
import type { Queues, Received } from '../../infra/aws/queues.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { Shot } from '../../runbooks/launch/launch.ts';
import type { LoadedAudience } from '../audience/packed/loaded-audience.ts';
import type { Known } from '../dispatch/known.ts';
import { untilDone, whileHeld } from '../held-message.ts';
import type { Foreign } from '../report/foreign.ts';
import type { Deletes } from './deletes.ts';
import { AT_HAND, VISIBILITY_SECONDS } from './prefetch-buffer.ts';
import type { PrefetchBuffer } from './prefetch-buffer.ts';
import type { FoundRun, ShotRuns } from './shot-runs.ts';

export interface AdmissionOptions {
  platform: Platform;
  queues: Queues;
  queue: string;
  launchId: string;
  runs: ShotRuns;
  known: Known;
  isServed: (launchId: string) => Promise<boolean>;
  foreign: Foreign;
  audience: () => LoadedAudience | null;
  buffer: PrefetchBuffer;
  deletes: Deletes;
  /** The sender stops. */
  signal: AbortSignal;
  log: Logger;
}

/** So many messages may be held while their shots are looked up: of made-up ones, which wait a quarter of a second at most, more than a thousand a second pass. */
const ADMITTING_MOST = 300;
const UNKNOWN: FoundRun = { ok: false, code: 'NO_APPROVAL', say: 'no such shot is in the record' };

/** Which messages of a batch queue are ours to send, and what becomes of the others. */
export class Admission {
  readonly #options: AdmissionOptions;
  /** Messages whose shot is being looked up. */
  readonly #admitting = new Set<Promise<void>>();
  readonly #returning: string[] = [];

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Nothing more should be received. */
  get isFull(): boolean {
    return this.#admitting.size > ADMITTING_MOST;
  }

  /** Beside the loop that receives: what has to be looked up must not hold up what is known. */
  take(received: Received): void {
    const admitting: Promise<void> = this.#judge(received)
      .catch((error: unknown) =>
        this.#options.log.error({ err: error }, 'a batch message could not be judged; it comes again'),
      )
      .finally(() => this.#admitting.delete(admitting));
    this.#admitting.add(admitting);
  }

  /** Resolves when everything that was taken is at hand, or off it. */
  async end(): Promise<void> {
    await Promise.all(this.#admitting);
  }

  async #judge({ body, receipt, receives }: Received): Promise<void> {
    const { platform, queues, queue, launchId, runs, known, isServed, audience, buffer, deletes, signal, log } =
      this.#options;
    const message = parse(body);
    if (message === null) return this.#foreign(receipt, unreadable(body, 'batch'));
    const { shotId, segment, attempt, batch } = message;
    if (message.launchId !== launchId) {
      if (await isServed(message.launchId)) return queues.handBack(queue, [receipt], 1);
      return this.#foreign(receipt, `a batch of another launch: ${message.launchId}`);
    }
    const seen = known.peekShot(shotId);
    if (seen !== undefined && !isPartOf(seen, message))
      return this.#foreign(receipt, `${shotId} ${segment}: attempt ${attempt} of it is not part of the shot`);
    if (seen?.closed != null) return deletes.put(receipt);
    const said = { shotId, batch };
    const holding = { queues, queue, visibilitySeconds: VISIBILITY_SECONDS, log };
    const { value: found, sinceMs } = await whileHeld(holding, receipt, () =>
      untilDone(
        async () => (runs.get(shotId) !== undefined || (await known.shot(shotId)) ? runs.find(shotId) : UNKNOWN),
        signal,
        (error, delayMs) => log.error({ ...said, err: error, delayMs }, 'record cannot be read; the batch is held'),
      ),
    );
    if (found === null) return queues.handBack(queue, [receipt], 0);
    if (audience() === null || (!found.ok && found.code === 'AUDIENCE_NOT_LOADED'))
      return queues.handBack(queue, [receipt], laterEachTime(receives));
    if (!found.ok && found.code === 'NO_APPROVAL')
      return this.#foreign(receipt, `a batch of a shot that is not in the record: ${shotId} ${batch}`);
    if (!found.ok) {
      log.error({ ...said, code: found.code, say: found.say }, 'batch without authority dropped');
      return deletes.put(receipt);
    }
    const { run } = found;
    const place = placeOf(audience(), batch);
    if (
      place === null ||
      place.platform !== platform ||
      place.segment !== segment ||
      !isPartOf(run.authority.shot, message)
    )
      return this.#foreign(
        receipt,
        `${shotId} ${segment}: batch ${batch} of attempt ${attempt} is not part of the shot`,
      );
    // More than are wanted here were held while the store was away.
    if (buffer.count >= AT_HAND) return this.#tooMany(receipt);
    buffer.put({ message, run, receipt, receives, sinceMs });
  }

  /** Those of one moment go back together: ten cost one call. */
  #tooMany(receipt: string): void {
    const { queues, queue, log } = this.#options;
    this.#returning.push(receipt);
    if (this.#returning.length > 1) return;
    setImmediate(() => {
      const receipts = this.#returning.splice(0);
      queues
        .handBack(queue, receipts, 0)
        .catch((error: unknown) =>
          log.warn(
            { err: error, messages: receipts.length },
            'messages were not handed back; they come again by themselves',
          ),
        );
    });
  }

  #foreign(receipt: string, why: string): void {
    this.#options.foreign.batch(why);
    this.#options.deletes.put(receipt);
  }
}

function parse(body: string): BatchMessage | null {
  if (body.length > MESSAGE_CHARS) return null;
  try {
    return batchMessage.parse(JSON.parse(body));
  } catch {
    return null;
  }
}

function isPartOf(shot: Shot, { segment, attempt }: BatchMessage): boolean {
  return shot.segments.some((one) => one.segment === segment && one.attempt === attempt);
}

function placeOf(audience: LoadedAudience | null, batch: string): { platform: Platform; segment: string } | null {
  try {
    return audience?.batch(batch) ?? null;
  } catch {
    return null;
  }
}
