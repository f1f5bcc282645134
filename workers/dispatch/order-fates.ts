import pLimit from 'p-limit';
import type { LimitFunction } from 'p-limit';
import type { Logger } from 'pino';
import type { Manifest } from '../../contract/manifest.ts';
import { unreadable } from '../../contract/orders.ts';
import type { BatchMessage, SegmentOrder, TestOrder } from '../../contract/orders.ts';
import type { ClaimStore } from '../../infra/aws/claim-store.ts';
import type { Journal } from '../../infra/aws/journal.ts';
import type { Queues } from '../../infra/aws/queues.ts';
import type { StoreClock } from '../../infra/aws/store-clock.ts';
import type { SwitchStore } from '../../infra/aws/switch-store.ts';
import { tellSpan } from '../../infra/watch/spans.ts';
import type { AudienceRef, Platform, TestResult } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { attemptSets } from '../../settle/attempt-set.ts';
import type { SetReader } from '../../settle/frozen-sets.ts';
import type { Authority } from '../send/authority.ts';
import { haltedCopies } from '../test-send/test-send.ts';
import type { Known } from './known.ts';
import { Looks } from './look.ts';
import { orderIn, problemOf } from './orders.ts';
import type { Fate } from './orders.ts';

export interface FateOptions {
  queues: Pick<Queues, 'send'>;
  /** Names of the batch queues. */
  batches: Record<Platform, string>;
  claims: ClaimStore;
  setOf: SetReader;
  switches: SwitchStore;
  journal: Journal;
  launchId: string;
  /** What may be in the record, before it is read in full. */
  known: Known;
  /** Whether that launch has the pool now, so that its orders are for others. */
  isServed: (launchId: string) => Promise<boolean>;
  manifestOf: (audience: AudienceRef) => Promise<Manifest>;
  sendTest: (launch: Launch, testId: string, to: readonly string[]) => Promise<TestResult[]>;
  log: Logger;
  nowMs?: () => number;
  /** What traces go by. Default: the machine's. */
  clock?: Pick<StoreClock, 'nowMs'>;
}

/** What was cut here is remembered: a repeated order needs no second look, and lost batches are put back by the rescue. */
const CUT_KEPT = 1_000;

/** Turns segment orders into batch messages, after reading in the record that they may be. Also serves test orders. */
export class OrderFates {
  readonly #options: FateOptions;
  readonly #signal: AbortSignal;
  readonly #looks: Looks;
  /** One segment of a platform after the other: each has several calls under way, and its first batches are soon out. */
  readonly #turns: Record<Platform, LimitFunction> = { ios: pLimit(1), android: pLimit(1) };
  /** By what is ordered: those under way, and those that are done. */
  readonly #fates = new Map<string, Promise<Fate>>();

  /** `signal`: nobody waits for a batch queue any more. */
  constructor(options: FateOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#looks = new Looks(options);
  }

  /** Rejects when a store can't be asked: it is to be asked again. */
  async of(body: string, group: string | null): Promise<Fate> {
    const { launchId, isServed } = this.#options;
    const order = orderIn(body);
    if (order === null) return { foreign: unreadable(body, 'order') };
    if (order.launchId !== launchId) {
      // In a group of our own it would stand in front of our orders.
      const isTheirs = group !== null && group.startsWith(`${order.launchId}/`) && (await isServed(order.launchId));
      return isTheirs
        ? { backSeconds: 1, why: 'an order of the launch that has the pool now' }
        : { foreign: `an order of another launch: ${order.launchId}` };
    }
    return 'testId' in order
      ? this.#once(`test/${order.testId}`, () => this.#test(order))
      : this.#once(`${order.shotId}/${order.segment}/${order.attempt}`, () => this.#segment(order));
  }

  /** The same order may come a thousand times at once. */
  #once(key: string, serve: () => Promise<Fate>): Promise<Fate> {
    const known = this.#fates.get(key);
    if (known !== undefined) return known;
    if (this.#fates.size >= CUT_KEPT) this.#fates.clear();
    const fate = serve();
    this.#fates.set(key, fate);
    const forget = () => {
      if (this.#fates.get(key) === fate) this.#fates.delete(key);
    };
    fate.then((one) => {
      if (!('done' in one)) forget();
    }, forget);
    return fate;
  }

  async #segment(order: SegmentOrder): Promise<Fate> {
    const { queues, batches, log, known, nowMs = Date.now, clock = { nowMs: Date.now } } = this.#options;
    const startMs = nowMs();
    const cutFromMs = clock.nowMs();
    const seen = known.peekShot(order.shotId);
    // What the record has said against it, it says for good.
    const early = seen === undefined ? null : problemOf(order, seen, 0, startMs);
    if (early !== null) return early;
    if (!(await known.shot(order.shotId)))
      return { foreign: `an order of a shot that is not in the record: ${order.shotId} ${order.segment}` };
    const { verdict, haltEpoch } = await this.#looks.at(order.shotId);
    if (!verdict.ok) {
      const why = `${order.shotId} ${order.segment}: ${verdict.code}, ${verdict.say}`;
      return verdict.code === 'NO_APPROVAL' ? { foreign: why } : { refused: why };
    }
    const problem = problemOf(order, verdict.authority.shot, haltEpoch, startMs);
    if (problem !== null) return problem;

    const messages = await this.#cut(order, verdict.authority);
    const platform = platformOf(verdict.authority, order.segment);
    await this.#turns[platform](() =>
      queues.send(
        batches[platform],
        messages.map((message) => JSON.stringify(message)),
        this.#signal,
      ),
    );
    log.info(
      {
        shotId: order.shotId,
        segment: order.segment,
        attempt: order.attempt,
        batches: messages.length,
        tookMs: nowMs() - startMs,
      },
      'segment cut into batches',
    );
    const { launchId, shotId, segment, attempt } = order;
    const attributes = { segment, attempt, batches: messages.length };
    tellSpan({ launchId, shotId, name: 'cut', startMs: cutFromMs, endMs: clock.nowMs(), attributes });
    return { done: true };
  }

  /** From the manifest alone, so that any dispatcher cuts the same batches; of a later attempt only those with something left. */
  async #cut({ launchId, shotId, segment, attempt }: SegmentOrder, authority: Authority): Promise<BatchMessage[]> {
    const manifest = await this.#options.manifestOf(authority.shot.audience);
    const found = manifest.segments.find(({ id }) => id === segment)?.batches ?? [];
    const sets = await attemptSets(this.#options, authority, segment, attempt, found);
    return found
      .filter(({ id }) => (sets.get(id)?.size ?? 0) > 0)
      .map(({ id }) => ({ v: 1, launchId, shotId, segment, attempt, batch: id }));
  }

  async #test({ launchId, testId }: TestOrder): Promise<Fate> {
    const { journal, switches, sendTest, log, known } = this.#options;
    if (known.peekTest(testId)?.results != null) return { done: true };
    const launch = (await known.test(testId)) ? await journal.launch(launchId) : null;
    const test = launch !== null && Object.hasOwn(launch.tests, testId) ? launch.tests[testId] : undefined;
    if (launch === null || test === undefined) return { foreign: `test ${testId} was not asked for` };
    if (test.results !== null) return { done: true };
    if (test.contentHash !== launch.contentHash)
      return { refused: `test ${testId}: the content has changed since it was asked for` };
    const item = await switches.read(launchId, { consistent: true });
    if (item === null) throw new Error('SWITCHES_MISSING: a halt may have stood in them');
    // A halt stops what was asked for before it; copies that people ask for during it are how they prepare the next attempt.
    const isHalted = Math.max(item.haltEpoch, launch.halt.epoch) > test.haltEpoch;
    const results = isHalted ? haltedCopies(launch, test) : await sendTest(launch, testId, test.to);
    const reported = await journal.append(launchId, { kind: 'report-test', testId, results });
    log.info(
      { testId, copies: results.length, accepted: results.filter((one) => one.accepted).length, reported: reported.ok },
      'test copies sent',
    );
    return { done: true };
  }
}

/** The segment is part of the shot: `problemOf` was asked before. */
function platformOf({ shot }: Authority, segment: string): Platform {
  const found = shot.audience.segments.find(({ id }) => id === segment);
  if (found === undefined) throw new Error(`SEGMENT_MISSING ${segment}`);
  return found.platform;
}
