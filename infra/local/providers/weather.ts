import { illReplies } from './ailments.ts';
import type { Ailment } from './ailments.ts';
import type { Desk } from './desk.ts';
import type { ConnectionRecord, Exchange, Site } from './exchange.ts';
import { tokenPath } from './fcm.ts';
import type { Reply } from './reply.ts';

/** What clients wrote before they could know that they are to wait is not held against them, ms: the answer's way, and a busy client's turn. */
const knownAfterMs = 200;

/** Since the start or the last reset: answers of each kind, and requests that came although an earlier answer had asked to wait longer. */
export interface WeatherState {
  sick: number;
  storm: number;
  sporadic: number;
  impatient: number;
}

/**
 * Comes before a provider's rules: what a sick connection, a storm or a moment's fault answers, whatever is asked (`sick`, `storm`, `sporadic` of
 * the behaviour). What is refused is counted among the refusals and is no receipt, unless it is said to be delivered all the same.
 */
export class Weather {
  readonly #site: Site;
  readonly #desk: Desk;
  readonly #replyTo: ReturnType<typeof illReplies>;
  #state: WeatherState = { sick: 0, storm: 0, sporadic: 0, impatient: 0 };
  /** The storm that `#stormFromMs` and `#owed` belong to. */
  #storm: unknown = null;
  #stormFromMs = 0;
  /** Of a storm's share: the part of an answer that is due. */
  #owed = 0;
  #sinceSporadic = 0;
  /** The provider as a whole has asked to wait, from and until, epoch ms; 0: it hasn't. */
  #waitFromMs = 0;
  #waitUntilMs = 0;

  constructor(site: Site, desk: Desk) {
    this.#site = site;
    this.#desk = desk;
    this.#replyTo = illReplies(site.name);
  }

  decide(exchange: Exchange, bytes: Buffer, from: number, to: number, nowMs: number): void {
    const { sick, storm, sporadic } = this.#desk.behaviour;
    const isFair = sick === null && storm === null && sporadic === null && this.#waitUntilMs === 0;
    const ill = isFair || this.#isForToken(exchange) ? null : this.#illReply(exchange.peer.record, nowMs);
    if (ill === null) return this.#site.decide(exchange, bytes, from, to, nowMs);
    if (!ill.delivered) return this.#desk.refuse(exchange, ill.reply);
    this.#site.decide(exchange, bytes, from, to, nowMs);
    exchange.reply = ill.reply;
  }

  /** PINGs of this connection get no answer. */
  isMute(record: ConnectionRecord): boolean {
    return this.#desk.behaviour.sick?.how === 'mute' && this.#isSick(record);
  }

  /** An answer leaves. */
  answers({ reply, peer: { record } }: Exchange): void {
    if (reply === null || reply.retryAfterMs === 0) return;
    const nowMs = Date.now();
    const waiting = reply.atOnce ? record : null;
    const untilMs = nowMs + reply.retryAfterMs;
    if (waiting !== null) {
      if (nowMs >= waiting.waitUntilMs) waiting.waitFromMs = nowMs + knownAfterMs;
      waiting.waitUntilMs = Math.max(waiting.waitUntilMs, untilMs);
      return;
    }
    if (nowMs >= this.#waitUntilMs) this.#waitFromMs = nowMs + knownAfterMs;
    this.#waitUntilMs = Math.max(this.#waitUntilMs, untilMs);
  }

  state(): WeatherState {
    return { ...this.#state };
  }

  reset(): void {
    this.#state = { sick: 0, storm: 0, sporadic: 0, impatient: 0 };
    this.#waitUntilMs = 0;
    this.#sinceSporadic = 0;
  }

  /** Google's token endpoint is another service on another host; only here it has the same address. */
  #isForToken({ pathBytes, pathFrom, pathTo }: Exchange): boolean {
    return this.#site.name === 'fcm' && pathBytes.toString('latin1', pathFrom, pathTo) === tokenPath;
  }

  #illReply(record: ConnectionRecord, nowMs: number): { reply: Reply; delivered: boolean } | null {
    if (
      isWaiting(nowMs, this.#waitFromMs, this.#waitUntilMs) ||
      isWaiting(nowMs, record.waitFromMs, record.waitUntilMs)
    )
      this.#state.impatient += 1;
    if (nowMs >= this.#waitUntilMs) this.#waitUntilMs = 0;
    const { sick, storm, sporadic } = this.#desk.behaviour;
    if (sick !== null && this.#isSick(record)) {
      this.#state.sick += 1;
      record.sickRequests += 1;
      record.firstSickAtMs ??= nowMs;
      record.lastSickAtMs = nowMs;
      return this.#reply(sick, true);
    }
    if (storm !== null && this.#isHit(storm, nowMs)) {
      this.#state.storm += 1;
      return this.#reply(storm, false);
    }
    if (sporadic !== null && this.#concerns(sporadic)) {
      this.#sinceSporadic += 1;
      if (this.#sinceSporadic < sporadic.every) return null;
      this.#sinceSporadic = 0;
      this.#state.sporadic += 1;
      return this.#reply(sporadic, false);
    }
    return null;
  }

  #isSick({ number, address, requests }: ConnectionRecord): boolean {
    const { sick } = this.#desk.behaviour;
    // Number 0 has a client that speaks HTTP/1.1: a request at a time, and nothing that could be swallowed.
    return (
      sick !== null &&
      number > 0 &&
      this.#concerns(sick) &&
      number % sick.every === 0 &&
      (sick.number === null || sick.number === number) &&
      (sick.address === null || sick.address === address) &&
      requests >= sick.afterRequests
    );
  }

  #isHit(storm: NonNullable<Desk['behaviour']['storm']>, nowMs: number): boolean {
    if (!this.#concerns(storm)) return false;
    if (this.#storm !== storm) {
      this.#storm = storm;
      this.#stormFromMs = nowMs;
      this.#owed = 0;
    }
    if (storm.forMs !== null && nowMs - this.#stormFromMs >= storm.forMs) return false;
    // Evenly over the requests, and not by chance: a test has the same storm each time.
    this.#owed += storm.share;
    if (this.#owed < 1) return false;
    this.#owed -= 1;
    return true;
  }

  #concerns({ provider }: { provider: 'apns' | 'fcm' | null }): boolean {
    return provider === null || provider === this.#site.name;
  }

  #reply(
    { how, retryAfterSeconds, delivered }: { how: Ailment; retryAfterSeconds: number | null; delivered: boolean },
    atOnce: boolean,
  ): { reply: Reply; delivered: boolean } | null {
    const reply = this.#replyTo(how, { retryAfterSeconds, atOnce });
    return reply === null ? null : { reply, delivered };
  }
}

function isWaiting(nowMs: number, fromMs: number, untilMs: number): boolean {
  return nowMs < untilMs && nowMs >= fromMs;
}
