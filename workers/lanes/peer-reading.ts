import type { TLSSocket } from 'node:tls';
import type { LanePeer } from '../../contract/report.ts';
import { SETTING } from '../../h2/frames.ts';
import { closedTrouble, connectTrouble } from '../probe/connect-findings.ts';
import type { Trouble } from '../probe/connect-findings.ts';
import { finding, isAboutDeviceAlone, isSandbox } from '../probe/findings.ts';
import type { Finding } from '../probe/findings.ts';
import { judgeAnswer } from '../probe/judge-answer.ts';
import type { Answer } from '../probe/judge-answer.ts';
import { misdirected } from '../probe/look-again.ts';
import type { Link } from './link.ts';

export interface PeerOptions {
  provider: 'apns' | 'fcm';
  host: string;
  port: number;
  /** How long a request waits for its answer, ms. */
  answerMs: number;
}

/** How connections end by our own doing: it says nothing of the peer. */
const OWN_ENDS = /^(?:Closing|Succeeded|NotNeeded|NotWanted|CredentialExpired|drained)$/;

/**
 * What a lane has met where the provider should be, read off what it does anyway: no push is spent on it. An address that
 * can't be right is a finding from the start on. One of opening counts while no connection is open, one of an answer
 * until the provider has once taken our credential: what it says later is its weather, or a credential's renewal.
 */
export class PeerReading {
  readonly #options: PeerOptions;
  readonly #address: Finding | null;
  #opening: Finding | null = null;
  #answer: Finding | null = null;
  #tls: string | null = null;
  #last: LanePeer = { tls: null, streams: null, obeysTable: null, answered: false, problem: null };
  /** The provider has taken our credential. */
  isAnswered = false;

  constructor(options: PeerOptions) {
    this.#options = options;
    const trouble: Trouble | null =
      isSandbox(options.host) && options.provider === 'apns'
        ? { code: 'WRONG_ENVIRONMENT', detail: '' }
        : misdirected(options);
    this.#address = trouble === null ? null : this.#finding(trouble);
  }

  /** TLS and HTTP/2 are agreed on. */
  dialed(socket: TLSSocket): void {
    this.#tls = socket.getProtocol();
  }

  failed(error: unknown): void {
    this.#opening = this.#finding(connectTrouble(error));
  }

  closed(why: string): void {
    if (!OWN_ENDS.test(why)) this.#opening = this.#finding(closedTrouble(why));
  }

  /** Of a priming push; a real device's success counts as one. `token`: it is nobody else's business. */
  answered(answer: Answer, token: string): void {
    const trouble = judgeAnswer(this.#options.provider, answer, false);
    const found =
      trouble === null ? null : this.#finding({ ...trouble, detail: trouble.detail.replaceAll(token, 'the device') });
    if (found === null || isAboutDeviceAlone(found)) {
      this.isAnswered = true;
      this.#answer = null;
    } else if (!this.isAnswered) this.#answer = found;
  }

  /** A priming push that was never answered. */
  lost(why: string): void {
    if (!this.isAnswered && !OWN_ENDS.test(why)) this.#answer = this.#finding(closedTrouble(why));
  }

  /** `open`: the connections that may be written to, the newest last. The same object as long as nothing has changed. */
  peer(open: readonly Link[]): LanePeer {
    const connection = open.at(-1)?.connection;
    if (open.length > 0) this.#opening = null;
    const problem = this.#address ?? this.#opening ?? (this.isAnswered ? null : this.#answer);
    const now: LanePeer = {
      tls: open.length === 0 ? null : this.#tls,
      streams: connection?.peerSettings.get(SETTING.maxConcurrentStreams) ?? null,
      obeysTable: connection == null || connection.answered === 0 ? null : connection.hasNoTable,
      answered: this.isAnswered,
      problem,
    };
    const { tls, streams, obeysTable, answered } = this.#last;
    if (
      tls !== now.tls ||
      streams !== now.streams ||
      obeysTable !== now.obeysTable ||
      answered !== now.answered ||
      this.#last.problem !== problem
    )
      this.#last = now;
    return this.#last;
  }

  #finding(trouble: Trouble): Finding {
    return finding(trouble.code, {
      ...this.#options,
      detail: trouble.detail,
      ...(trouble.code === 'NO_ANSWER' ? { withinMs: this.#options.answerMs } : {}),
    });
  }
}

/** Of the lanes of all threads: one that was answered speaks for all, as they have the same address and credential. */
export function peersTogether(peers: readonly LanePeer[]): LanePeer | null {
  const [first] = peers;
  if (first === undefined) return null;
  const best =
    peers.find(({ answered, problem }) => answered && problem === null) ??
    peers.find(({ problem }) => problem !== null) ??
    first;
  return {
    ...best,
    tls: best.tls ?? peers.find(({ tls }) => tls !== null)?.tls ?? null,
    answered: peers.some(({ answered }) => answered),
  };
}
