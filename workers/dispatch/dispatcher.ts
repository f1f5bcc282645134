import { setTimeout as sleep } from 'node:timers/promises';
import pLimit, { type LimitFunction } from 'p-limit';
import type { Logger } from 'pino';
import type { Entry, Platform } from '../../runbooks/launch/entries.ts';
import type { ClaimStore } from '../../infra/aws/claim-store.ts';
import type { Journal } from '../../infra/aws/journal.ts';
import type { Queues, Received } from '../../infra/aws/queues.ts';
import { laterEachTime } from '../../infra/aws/queues.ts';
import { headProblem } from '../../infra/aws/verify-record.ts';
import type { SwitchItem, SwitchStore } from '../../infra/aws/switch-store.ts';
import type { AudienceRef, TestResult } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { segmentOrder, testOrder } from '../contract.ts';
import type { BatchMessage, Manifest, SegmentOrder, TestOrder } from '../contract.ts';
import { attemptSets } from '../send/attempt-set.ts';
import { authorityFor } from '../send/authority.ts';
import { haltedCopies } from '../test-send/test-send.ts';
import type { Authority, Verdict } from '../send/authority.ts';

export interface DispatcherOptions {
  queues: Queues;
  /** Queue names. */
  segments: string;
  batches: Record<Platform, string>;
  claims: ClaimStore;
  switches: SwitchStore;
  journal: Journal;
  launchId: string;
  manifestOf: (audience: AudienceRef) => Promise<Manifest>;
  sendTest: (launch: Launch, testId: string, to: readonly string[]) => Promise<TestResult[]>;
  /** An order was refused: shown in the worker's report. */
  onRefused: (say: string) => void;
  log: Logger;
  nowMs?: () => number;
  /** How long a dispatcher that died keeps an order from the others, seconds. */
  visibilitySeconds?: number;
}

/** What becomes of an order's message: done, not ours or not now (back after so many seconds), or refused for good. */
type Fate = { done: true } | { backSeconds: number; why: string } | { refused: string };

/** What the record and the switches say of a shot. */
type Look = (shotId: string) => Promise<{ verdict: Verdict; haltEpoch: number }>;

const AT_ONCE = 4;
/**
 * Short, because a shot may have a minute in all, and a dispatcher that dies must not keep a whole segment from the
 * others for most of it. Extended while an order is being served; one that outlives it is cut again, into the same batches.
 */
const VISIBILITY_SECONDS = 8;

/** Turns segment orders into batch messages, after reading in the record that they may be. Also serves test orders. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #stop = new AbortController();
  readonly #visibilitySeconds: number;
  /** One segment of a platform after the other: each has several calls under way, and its first batches are soon out. */
  readonly #turns: Record<Platform, LimitFunction> = { ios: pLimit(1), android: pLimit(1) };
  readonly #tests = new Set<Promise<void>>();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#visibilitySeconds = options.visibilitySeconds ?? VISIBILITY_SECONDS;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Takes no new order; resolves when those at hand are done. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await Promise.all(this.#tests);
  }

  async #run(): Promise<void> {
    const { queues, segments, log } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        const orders = await queues.receive(segments, { max: AT_ONCE, waitSeconds: 20, visibilitySeconds: this.#visibilitySeconds, signal });
        const look = this.#look();
        for (const order of orders.filter(isTest)) this.#serveTest(order, look);
        await Promise.all(orders.filter((order) => !isTest(order)).map((order) => this.#serve(order, look)));
      } catch (error) {
        if (signal.aborted) return;
        log.error({ err: error }, 'segment queue cannot be read; trying again');
        await sleep(500, null, { signal }).catch(() => null);
      }
    }
  }

  /** A copy may wait long for its provider; a fire must not wait for it. */
  #serveTest(order: Received, look: Look): void {
    const serving: Promise<void> = this.#serve(order, look)
      .catch((error: unknown) => this.#options.log.error({ err: error }, 'test order could not be served'))
      .finally(() => this.#tests.delete(serving));
    this.#tests.add(serving);
  }

  async #serve({ body, receipt, receives }: Received, look: Look): Promise<void> {
    const { queues, segments, log } = this.#options;
    const keep = setInterval(() => {
      queues.handBack(segments, [receipt], this.#visibilitySeconds).catch((error: unknown) => log.warn({ err: error }, 'an order could not be kept; another dispatcher may cut it too'));
    }, this.#visibilitySeconds * 500);
    const fate = await this.#fateOf(body, receives, look).catch((error: unknown): Fate => {
      log.error({ err: error }, 'order could not be served; it is handed back');
      if (error instanceof Error && 'code' in error && error.code === 'RECORD_BROKEN') this.#options.onRefused(error.message);
      return { backSeconds: 1, why: 'failed' };
    }).finally(() => clearInterval(keep));
    if ('backSeconds' in fate) return queues.handBack(segments, [receipt], fate.backSeconds);
    if ('refused' in fate) {
      log.error({ order: body.slice(0, 500), why: fate.refused }, 'order refused');
      this.#options.onRefused(fate.refused);
    }
    await queues.remove(segments, [receipt]);
  }

  /** Read after the orders that ask, and once for all of one receive: a press orders every segment at the same moment. */
  #look(): Look {
    const { journal, switches, launchId } = this.#options;
    let reading: Promise<[Entry[], SwitchItem | null]> | null = null;
    const read = async (): Promise<[Entry[], SwitchItem | null]> => {
      const [entries, item] = await Promise.all([journal.entries(launchId), switches.read(launchId, { consistent: true })]);
      // A head that was noted between the two reads is no fault.
      return headProblem(entries, item?.head ?? null) === null ? [entries, item] : [await journal.entries(launchId), item];
    };
    const verdicts = new Map<string, Verdict>();
    return async (shotId) => {
      const [entries, item] = await (reading ??= read());
      const verdict = verdicts.get(shotId) ?? authorityFor(launchId, shotId, entries, journal.keyring, item?.head ?? null);
      verdicts.set(shotId, verdict);
      return { verdict, haltEpoch: item?.haltEpoch ?? 0 };
    };
  }

  async #fateOf(body: string, receives: number, look: Look): Promise<Fate> {
    const order = parse(body);
    if (order === null) return { refused: 'a message on the segment queue is no order' };
    if (order.launchId !== this.#options.launchId) return { backSeconds: laterEachTime(receives), why: 'an order of another launch' };
    return 'testId' in order ? this.#test(order) : this.#segment(order, look);
  }

  async #segment(order: SegmentOrder, look: Look): Promise<Fate> {
    const { queues, batches, log, nowMs = Date.now } = this.#options;
    const startMs = nowMs();
    const { verdict, haltEpoch } = await look(order.shotId);
    if (!verdict.ok) return { refused: `${order.shotId} ${order.segment}: ${verdict.code}, ${verdict.say}` };
    const problem = problemOf(order, verdict.authority, haltEpoch, startMs);
    if (problem !== null) return { refused: `${order.shotId} ${order.segment}: ${problem}` };

    const messages = await this.#cut(order, verdict.authority);
    const platform = platformOf(verdict.authority, order.segment);
    await this.#turns[platform](() => queues.send(batches[platform], messages.map((message) => JSON.stringify(message)), this.#stop.signal));
    log.info({ shotId: order.shotId, segment: order.segment, attempt: order.attempt, batches: messages.length, tookMs: nowMs() - startMs }, 'segment cut into batches');
    return { done: true };
  }

  /** From the manifest alone, so that any dispatcher cuts the same batches; of a later attempt only those with something left. */
  async #cut({ launchId, shotId, segment, attempt }: SegmentOrder, authority: Authority): Promise<BatchMessage[]> {
    const manifest = await this.#options.manifestOf(authority.shot.audience);
    const found = manifest.segments.find(({ id }) => id === segment)?.batches ?? [];
    const sets = await attemptSets(this.#options.claims, authority, segment, attempt, found);
    return found.filter(({ id }) => (sets.get(id)?.size ?? 0) > 0).map(({ id }) => ({ v: 1, launchId, shotId, segment, attempt, batch: id }));
  }

  async #test({ launchId, testId }: TestOrder): Promise<Fate> {
    const { journal, switches, sendTest, log } = this.#options;
    const launch = await journal.launch(launchId);
    const test = launch !== null && Object.hasOwn(launch.tests, testId) ? launch.tests[testId] : undefined;
    if (launch === null || test === undefined) return { refused: `test ${testId} was not asked for` };
    if (test.results !== null) return { done: true };
    if (test.contentHash !== launch.contentHash) return { refused: `test ${testId}: the content has changed since it was asked for` };
    const item = await switches.read(launchId, { consistent: true });
    if (item === null) return { backSeconds: 1, why: 'the switch item is missing' };
    // A halt stops what was asked for before it; copies that people ask for during it are how they prepare the next attempt.
    const isHalted = Math.max(item.haltEpoch, launch.halt.epoch) > test.haltEpoch;
    const results = isHalted ? haltedCopies(launch, test.to) : await sendTest(launch, testId, test.to);
    const reported = await journal.submit(launchId, { kind: 'report-test', testId, results });
    log.info({ testId, copies: results.length, accepted: results.filter((one) => one.accepted).length, reported: reported.ok }, 'test copies sent');
    return { done: true };
  }
}

/** Why the segment may not be cut now, or null. */
function problemOf({ segment, attempt }: SegmentOrder, { shot }: Authority, haltEpoch: number, nowMs: number): string | null {
  if (!shot.segments.some((one) => one.segment === segment && one.attempt === attempt)) return `attempt ${attempt} of it was not approved in this shot`;
  if (shot.closed !== null) return 'the shot is closed';
  const platform = shot.audience.segments.find(({ id }) => id === segment)?.platform;
  if (platform === undefined) return 'the audience has no such segment';
  if (nowMs >= shot.notAfterAtMs[platform]) return 'it is late';
  if (shot.haltedAtMs !== null || haltEpoch > shot.haltEpoch) return 'the shot was halted';
  return null;
}

/** The segment is part of the shot: `problemOf` was asked before. */
function platformOf({ shot }: Authority, segment: string): Platform {
  const found = shot.audience.segments.find(({ id }) => id === segment);
  if (found === undefined) throw new Error(`SEGMENT_MISSING ${segment}`);
  return found.platform;
}

function isTest({ body }: Received): boolean {
  const order = parse(body);
  return order !== null && 'testId' in order;
}

function parse(body: string): SegmentOrder | TestOrder | null {
  try {
    const json: unknown = JSON.parse(body);
    return segmentOrder.safeParse(json).data ?? testOrder.safeParse(json).data ?? null;
  } catch {
    return null;
  }
}
