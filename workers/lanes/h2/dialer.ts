import { createHash } from 'node:crypto';
import { ADDRCONFIG } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { TLSSocket } from 'node:tls';
import { threadId } from 'node:worker_threads';
import { within } from '../../../infra/time-limit.ts';
import { Addresses } from './addresses.ts';
import { connectTls } from './connect.ts';
import type { Endpoint } from './connect.ts';
import { openTunnel } from './tunnel.ts';

/**
 * Opens connections to one endpoint, over all the addresses that its name stands for (`Addresses`), or through a proxy.
 */
export interface DialerOptions {
  endpoint: Endpoint;
  /** `http[s]://[user:password@]host[:port]`; null: none. */
  proxy: string | null;
  /** All addresses of a name. Default: the system's look-up. */
  lookUp?: (name: string) => Promise<readonly string[]>;
  /** Whose turn is first; default: another one in every process and thread. */
  start?: number;
}

/** A connection and the address that it counts for. */
export interface Line {
  socket: TLSSocket;
  /** Null through a proxy, which chooses by itself. */
  address: string | null;
}

/**
 * Apple asks for a look-up for every connection, so that its changes are followed (docs/facts.md#apns-connections).
 * Connections that are opened together share one: 300 at once would be more than a resolver takes from one machine
 * (docs/facts.md#vpc-dns).
 */
const FRESH_MS = 1_000;
/** One address of several gets no longer than this, so that a dead one doesn't use up the time of all. */
const ONE_OF_SEVERAL_MS = 3_000;
/** Addresses that one attempt tries. */
const TRIES = 3;

export class Dialer {
  readonly #options: DialerOptions;
  readonly #addresses: Addresses;
  #lookUp: Promise<void> | null = null;
  #lookedUpAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: DialerOptions) {
    this.#options = options;
    this.#addresses = new Addresses(options.start ?? startOf(`${hostname()} ${process.pid}`, threadId));
  }

  /** Resolves with TLS and HTTP/2 agreed on. Tries several addresses if need be; rejects with what the last one said, after `timeoutMs` at the latest. */
  async dial(timeoutMs: number): Promise<Line> {
    const { endpoint, proxy } = this.#options;
    const endMs = performance.now() + timeoutMs;
    if (proxy !== null) {
      const tunnel = await openTunnel(proxy, endpoint.host, endpoint.port, timeoutMs);
      return { socket: await connectTls(endpoint, endMs - performance.now(), { tunnel }), address: null };
    }
    const what = `the address of ${endpoint.host} was not found`;
    // A look-up can't be ended, and others wait for the same one.
    await within({ limitMs: timeoutMs, what, code: 'LANE_CONNECT' }, () => this.#refresh());
    const tried = new Set<string>();
    for (;;) {
      const nowMs = performance.now();
      const address = this.#addresses.take(nowMs, tried);
      if (address === null) throw new Error(`LANE_CONNECT ${endpoint.host} has no address`);
      tried.add(address);
      const isLast = tried.size === TRIES || !this.#addresses.hasFit(nowMs, tried);
      try {
        return {
          socket: await connectTls(
            endpoint,
            Math.min(endMs - nowMs, isLast ? Number.POSITIVE_INFINITY : ONE_OF_SEVERAL_MS),
            { address },
          ),
          address,
        };
      } catch (error) {
        this.#addresses.left(address);
        this.#addresses.failed(address, performance.now());
        if (isLast || performance.now() >= endMs) throw error;
      }
    }
  }

  /** The connection is over. */
  over({ address }: Line): void {
    if (address !== null) this.#addresses.left(address);
  }

  /** What answers there is no good, whether or not its connection is over: the next ones go elsewhere for a while. */
  avoid({ address }: Line): void {
    if (address !== null) this.#addresses.failed(address, performance.now());
  }

  #refresh(): Promise<void> {
    if (this.#lookUp === null && performance.now() - this.#lookedUpAtMs > FRESH_MS) {
      this.#lookUp = this.#learn()
        .then(() => {
          this.#lookedUpAtMs = performance.now();
        })
        .finally(() => {
          this.#lookUp = null;
        });
    }
    return this.#lookUp ?? Promise.resolve();
  }

  async #learn(): Promise<void> {
    const {
      endpoint: { host },
      lookUp = systemLookUp,
    } = this.#options;
    try {
      this.#addresses.learn(isIP(host) === 0 ? await lookUp(host) : [host], performance.now());
    } catch (error) {
      // A resolver that is ill for a while takes away nothing that is known.
      if (this.#addresses.known.length === 0)
        throw new Error(
          `LANE_CONNECT ${host}: its address was not found (${error instanceof Error ? error.message : String(error)})`,
          { cause: error },
        );
    }
  }
}

/** Of one process and thread: workers and threads begin at different places of the list, one after the other. */
export function startOf(process: string, thread: number): number {
  return createHash('sha256').update(process).digest().readUInt16BE() + thread;
}

async function systemLookUp(name: string): Promise<string[]> {
  return (await lookup(name, { all: true, order: 'verbatim', hints: ADDRCONFIG })).map(({ address }) => address);
}
