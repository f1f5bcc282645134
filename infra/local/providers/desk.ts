import type { Platform } from '../../../runbooks/launch/entries.ts';
import { illReplies } from './ailments.ts';
import type { Behaviour } from './behaviour.ts';
import type { Content } from './content.ts';
import type { Exchange } from './exchange.ts';
import type { Judge } from './judge.ts';
import type { Last } from './last.ts';
import { DeviceLimits, Window } from './limits.ts';
import type { Phones } from './phones.ts';
import type { Reply } from './reply.ts';
import type { Tally } from './tally.ts';
import { TokenHash } from './token-hash.ts';

/** What both providers do with a push once they know whose it is: count, limit, show. */
export class Desk {
  readonly behaviour: Behaviour;
  readonly #platform: Platform;
  readonly #judge: Judge;
  readonly #phones: Phones;
  readonly #last: Last;
  readonly #replyTo: ReturnType<typeof illReplies>;
  readonly #limits = new DeviceLimits();
  readonly #rate = new Window(1000);
  /** Of the push at hand: its token, as the provider's rules read it. */
  readonly token = new TokenHash();
  /** Push requests that were refused before they could be counted: by key. */
  readonly refusals = new Map<string, number>();

  constructor(
    platform: Platform,
    { behaviour, judge, phones, last }: { behaviour: Behaviour; judge: Judge; phones: Phones; last: Last },
  ) {
    this.#platform = platform;
    this.#replyTo = illReplies(platform === 'ios' ? 'apns' : 'fcm');
    this.behaviour = behaviour;
    this.#judge = judge;
    this.#phones = phones;
    this.#last = last;
  }

  tallyOf(content: Content): Tally {
    return this.#judge.tally(content.launchId, content.shotId, this.#platform);
  }

  /** Counts one receipt by the device of `token`; true if the device has had too many within a minute. */
  receive(tally: Tally, nowMs: number): boolean {
    const { high, low } = this.token;
    if (!this.#judge.receive(tally, high, low, nowMs)) return false;
    const perMinute =
      this.#platform === 'ios' ? this.behaviour.apnsPerDevicePerMinute : this.behaviour.fcmPerDevicePerMinute;
    return this.#limits.repeated(this.#platform, high, low, perMinute, nowMs);
  }

  /** One more request: the answer if there are too many of them in this second, else null. */
  overloaded(nowMs: number): Reply | null {
    const { overloadPerSecond, overloadWindowMs, overloadStatus, overloadRetryAfterSeconds } = this.behaviour;
    if (!this.#rate.over((overloadPerSecond * overloadWindowMs) / 1000, nowMs, overloadWindowMs)) return null;
    const isQuota = overloadStatus === 429 && this.#platform === 'android';
    // Without a Retry-After, a client waits 60 s after FCM's 429 (docs/facts.md#fcm-waits).
    return this.#replyTo(overloadStatus === 503 ? '503' : 'quota', {
      retryAfterSeconds: overloadRetryAfterSeconds ?? (isQuota ? 60 : null),
      atOnce: false,
    });
  }

  /** The token is `bytes[from, to)`. */
  show(bytes: Buffer, from: number, to: number, content: Content, collapseId: string | null, nowMs: number): void {
    this.#phones.show(this.#platform, bytes.toString('latin1', from, to), content, collapseId, nowMs);
  }

  /** The last word on a counted request; its token is `bytes[from, to)`. */
  settle(
    exchange: Exchange,
    tally: Tally,
    bytes: Uint8Array,
    from: number,
    to: number,
    content: Content,
    reply: Reply,
    nowMs: number,
  ): void {
    exchange.reply = reply;
    exchange.tally = tally;
    this.#last.note(this.#platform, bytes, from, to, content, reply.key, nowMs);
  }

  /** The last word on a request that is not counted. */
  refuse(exchange: Exchange, reply: Reply): void {
    exchange.reply = reply;
    this.refusals.set(reply.key, (this.refusals.get(reply.key) ?? 0) + 1);
  }

  reset(): void {
    this.#limits.clear();
    this.refusals.clear();
  }
}
