const REST_FIRST_MS = 10_000;
const REST_MOST_MS = 5 * 60_000;
/** So long after its last rest an address begins anew with the first. */
const FORGIVEN_AFTER_MS = 60_000;

interface Address {
  connections: number;
  /** In a row, those during a rest not counted: a node that dies takes all its connections along at once. */
  fails: number;
  failedAtMs: number;
  restsUntilMs: number;
}

/**
 * The addresses of one name, and where the next connection goes: to a fit one that has the fewest, in turn.
 *
 *   fit --failed()--> resting (10 s, twice as long with each failure soon after a rest, at most 5 min) --its time is over--> fit
 *
 * When all are resting the one that failed longest ago is tried, so there is always one.
 */
export class Addresses {
  readonly #byIp = new Map<string, Address>();
  #known: readonly string[] = [];
  /** Whose turn it is among those with as many connections. */
  #turn: number;

  /**
   * `start`: whose turn is first. Lanes that begin at different places share out the first connections as evenly as the
   * later ones (docs/facts.md#h2-one-address).
   */
  constructor(start = 0) {
    this.#turn = start;
  }

  get known(): readonly string[] {
    return this.#known;
  }

  /** What the name stands for now. What it no longer stands for gets no more connections. */
  learn(ips: readonly string[], nowMs: number): void {
    // Resolvers give them in any order, often another one each time.
    this.#known = [...new Set(ips)].toSorted();
    for (const ip of this.#known)
      if (!this.#byIp.has(ip))
        this.#byIp.set(ip, {
          connections: 0,
          fails: 0,
          failedAtMs: Number.NEGATIVE_INFINITY,
          restsUntilMs: Number.NEGATIVE_INFINITY,
        });
    // Resolvers also give a few of many at a time: one that rests is remembered.
    for (const [ip, { connections, restsUntilMs }] of this.#byIp)
      if (connections === 0 && restsUntilMs + FORGIVEN_AFTER_MS <= nowMs && !this.#known.includes(ip))
        this.#byIp.delete(ip);
  }

  /** Where a connection is to be opened, which counts from now on until it has `left`; null: all that are known were `tried`. */
  take(nowMs: number, tried: ReadonlySet<string> = new Set()): string | null {
    const order = this.#known
      .map((_, at) => this.#known[(this.#turn + at) % this.#known.length] ?? '')
      .filter((ip) => !tried.has(ip));
    const fit = order.filter((ip) => this.#of(ip).restsUntilMs <= nowMs);
    const least = (ips: readonly string[], of: (address: Address) => number): string | undefined =>
      ips.reduce<string | undefined>(
        (best, ip) => (best === undefined || of(this.#of(ip)) < of(this.#of(best)) ? ip : best),
        undefined,
      );
    const ip = least(fit, ({ connections }) => connections) ?? least(order, ({ failedAtMs }) => failedAtMs);
    if (ip === undefined) return null;
    this.#of(ip).connections += 1;
    this.#turn = (this.#known.indexOf(ip) + 1) % this.#known.length;
    return ip;
  }

  /** True: there is one besides these that does not rest. */
  hasFit(nowMs: number, besides: ReadonlySet<string>): boolean {
    return this.#known.some((ip) => !besides.has(ip) && this.#of(ip).restsUntilMs <= nowMs);
  }

  /** Its connection is over, or was never opened. */
  left(ip: string): void {
    const address = this.#byIp.get(ip);
    if (address !== undefined) address.connections = Math.max(0, address.connections - 1);
  }

  /** It could not be connected to, or what it answers is no good. */
  failed(ip: string, nowMs: number): void {
    const address = this.#byIp.get(ip);
    if (address === undefined) return;
    address.failedAtMs = nowMs;
    if (address.restsUntilMs > nowMs) return;
    address.fails = nowMs - address.restsUntilMs > FORGIVEN_AFTER_MS ? 1 : address.fails + 1;
    address.restsUntilMs = nowMs + Math.min(REST_MOST_MS, REST_FIRST_MS * 2 ** (address.fails - 1));
  }

  #of(ip: string): Address {
    const address = this.#byIp.get(ip);
    if (address === undefined) throw new Error('LANE_ADDRESS_UNKNOWN');
    return address;
  }
}
