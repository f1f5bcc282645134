import { setImmediate as turn } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { LanePeer } from '../../contract/report.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { LoadedAudience } from '../audience/packed/loaded-audience.ts';
import { CredentialClock } from '../credentials/clock.ts';
import type { SwitchView } from '../halt/switch-view.ts';
import { WriteCheck } from '../halt/write-check.ts';
import type { Outcome, PreparedShot } from '../lanes/lane.ts';
import { apnsProvider, fcmProvider } from '../lanes/provider.ts';
import { WireLane } from '../lanes/wire-lane.ts';
import { batchWrites } from '../send/batch-writes.ts';
import { HandedCredential } from './handed-credential.ts';
import { JobWriter, THREAD_LOST } from './job-memory.ts';
import { GAUGE, NONE } from './messages.ts';
import type { LaneSetup, PlainTemplate, ToThread } from './messages.ts';
import type { ReasonWriter } from './reason-ids.ts';
import { SharedPace } from './shared-pace.ts';

const GAUGE_MS = 20;
/** A thread that had to give a batch back unread counts as stalled for so long: others come first, and nobody hands it one after the other. */
const UNTOLD_MS = 2_000;

export interface ThreadCommon {
  switches: SwitchView;
  reasons: ReasonWriter;
  log: Logger;
  mayPrime: (platform: Platform, token: string, isRenewal: boolean) => Promise<boolean>;
  met: (platform: Platform, peer: LanePeer) => void;
  refused: (platform: Platform, version: number) => void;
}

/** One provider's lane inside a sending thread, driven by the main thread's messages. */
export class ThreadSide {
  readonly credential: HandedCredential;
  readonly lane: WireLane;
  readonly #common: ThreadCommon;
  readonly #gauge: Int32Array;
  readonly #shots = new Map<number, PreparedShot>();
  #untoldUntilMs = Number.NEGATIVE_INFINITY;
  readonly #closing = new AbortController();
  #peer: LanePeer | null = null;
  #timer: NodeJS.Timeout | null = null;
  #handsOver = false;

  constructor(
    { platform, projectId, url, ca, proxy, connections, prime, pace, gauge, timing }: LaneSetup,
    common: ThreadCommon,
  ) {
    this.#common = common;
    this.#gauge = new Int32Array(gauge);
    this.credential = new HandedCredential(
      new CredentialClock(timing.clock),
      (version) => common.refused(platform, version),
      timing.handedWithinMs,
    );
    this.lane = new WireLane({
      provider: projectId === null ? apnsProvider() : fcmProvider(projectId),
      url,
      ca,
      proxy,
      connections,
      credential: this.credential,
      prime: { ...prime, body: Buffer.from(prime.body) },
      mayPrime: (token, isRenewal) => common.mayPrime(platform, token, isRenewal),
      log: common.log,
      pace: new SharedPace(pace),
      ...(timing.renewEveryMs === undefined ? {} : { renewEveryMs: timing.renewEveryMs }),
    });
  }

  async open(): Promise<void> {
    this.#timer ??= setInterval(() => this.#measure(), GAUGE_MS);
    await this.lane.open(this.#closing.signal);
    this.#measure();
  }

  async prime(devices: readonly { token: string }[]): Promise<void> {
    await this.lane.prime(devices, this.#closing.signal);
    this.#measure();
  }

  prepare(shot: number, templates: readonly PlainTemplate[]): void {
    this.#shots.set(
      shot,
      this.lane.prepare(templates.map(({ headers, body }) => ({ headers, body: Buffer.from(body) }))),
    );
  }

  send(
    { shot, batch, devices, terms, memory }: Extract<ToThread, { kind: 'job' }>,
    audience: LoadedAudience | null,
  ): void {
    const { switches, reasons, log } = this.#common;
    const writer = new JobWriter(memory, reasons);
    const prepared = this.#shots.get(shot);
    const view = audience?.has(batch) === true ? audience.view(batch) : null;
    if (prepared === undefined || view === null) {
      log.error(
        { batch, shot: prepared !== undefined, audience: view !== null },
        'THREAD_NOT_TOLD: a batch came without its shot or audience; nothing of it is written, and it goes to others',
      );
      // Before its outcome: whoever sees that must not come again with the next one.
      this.#untoldUntilMs = performance.now() + UNTOLD_MS;
      this.#measure();
      for (let index = 0; index < memory.count; index++) writer.settle(index, { state: 'held', why: 'returned' });
      return;
    }
    void this.lane.send(prepared, {
      ...batchWrites(view, devices, new WriteCheck(terms, switches)),
      wrote: (index) => writer.wrote(index),
      again: () => writer.again(),
      settle: (index, outcome) => this.#settle(writer, index, outcome),
    });
  }

  /** What is unanswered becomes uncertain; what is unsent is held, or with `handsOver` left for another thread. */
  async close(handsOver = false): Promise<void> {
    this.#handsOver = handsOver;
    this.#closing.abort();
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.lane.close();
    await turn();
    this.#measure();
  }

  /** What a thread that hands over says nothing of, others send when it has ended; what it had written once already goes back. */
  #settle(writer: JobWriter, index: number, outcome: Outcome): void {
    if (!this.#handsOver) return writer.settle(index, outcome);
    if (outcome.state === 'uncertain') return writer.settle(index, { state: 'uncertain', reason: THREAD_LOST });
    if (outcome.state !== 'held') return writer.settle(index, outcome);
    if (writer.isReached(index)) writer.settle(index, { state: 'held', why: 'returned' });
  }

  #measure(): void {
    const { primed, streams, inFlight, credentialAgeMs, credentialLeftMs, key, refusal, weather, sick, peer } =
      this.lane.status();
    if (peer !== this.#peer && peer !== null) this.#common.met(this.lane.platform, peer);
    this.#peer = peer;
    const put = (at: number, value: number): void => {
      Atomics.store(this.#gauge, at, value);
    };
    const reason = (at: number, text: string | undefined | null): void =>
      put(at, text === undefined || text === null ? NONE : this.#common.reasons.idOf(text));
    put(GAUGE.primed, primed);
    put(GAUGE.streams, streams);
    put(GAUGE.inFlight, inFlight);
    put(
      GAUGE.usable,
      this.lane.isStalled || performance.now() < this.#untoldUntilMs ? 0 : Math.min(streams, this.lane.allowance),
    );
    put(GAUGE.credentialAgeMs, credentialAgeMs ?? NONE);
    put(GAUGE.credentialLeftMs, credentialLeftMs === null ? NONE : Math.max(0, credentialLeftMs));
    reason(GAUGE.key, key);
    reason(GAUGE.refusal, refusal);
    put(GAUGE.weather, weather === null ? 0 : weather.state === 'slow' ? 1 : 2);
    reason(GAUGE.weatherReason, weather?.reason);
    put(GAUGE.weatherForMs, weather?.forMs ?? 0);
    put(GAUGE.weatherRefused, weather?.refused ?? 0);
    put(GAUGE.weatherWaiting, weather?.waiting ?? 0);
    put(GAUGE.weatherAgainMs, weather?.againInMs ?? 0);
    put(GAUGE.sick, sick?.connections ?? 0);
    reason(GAUGE.sickReason, sick?.reason);
  }
}
