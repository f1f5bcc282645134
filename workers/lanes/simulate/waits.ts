/** What a lane waits for. `go`: nothing has come yet; `queue`: messages and claims; `done`: nothing is left for it. */
export type Wait = 'go' | 'queue' | 'cores' | 'streams' | 'connections' | 'provider' | 'pace' | 'done';
export type Bound = 'go' | 'queue' | 'main thread' | 'cores' | 'streams' | 'connections' | 'provider' | 'pace';
export type Shares = Record<Bound, number>;

/** What was busy of a task while its lanes had something to do: parts of that time. */
export interface Busy {
  cores: number;
  main: number;
  sending: number;
}

/** Something is at its end from here on: who waits then waits for it, whatever else it is that comes next. */
const FULL = 0.85;

export const noShares = (): Shares => ({
  go: 0,
  queue: 0,
  'main thread': 0,
  cores: 0,
  streams: 0,
  connections: 0,
  provider: 0,
  pace: 0,
});

/** Lane-ms by what was waited for; those in which the thread was at it, or waited for its core, apart. */
export class Waits {
  readonly #idle = new Map<Wait, number>();
  readonly #atIt = new Map<Wait, number>();

  add(wait: Wait, isAtIt: boolean, ms: number): void {
    const of = isAtIt ? this.#atIt : this.#idle;
    of.set(wait, (of.get(wait) ?? 0) + ms);
  }

  /** Into the shares, by what was full. A thread that is at it has no less to do for a limit elsewhere: only a full one is the bound. */
  addTo(shares: Shares, { cores, main, sending }: Busy): void {
    const computes: Bound | null = cores >= FULL || sending >= FULL ? 'cores' : null;
    const messages: Bound = cores >= FULL ? 'cores' : main >= FULL ? 'main thread' : 'queue';
    const boundOf = (wait: Exclude<Wait, 'done'>): Bound => (wait === 'queue' ? messages : wait);
    for (const [wait, ms] of this.#idle) if (wait !== 'done') shares[boundOf(wait)] += ms;
    for (const [wait, ms] of this.#atIt) if (wait !== 'done') shares[computes ?? boundOf(wait)] += ms;
  }
}

/** The largest, of shares that sum up to 1. */
export function largest(shares: Shares): { bound: Bound; shares: Shares } {
  const sum = Object.values(shares).reduce((all, one) => all + one, 0);
  const parts = noShares();
  for (const name of Object.keys(parts) as Bound[]) parts[name] = sum === 0 ? 0 : shares[name] / sum;
  const bound = (Object.keys(parts) as Bound[]).reduce((most, one) => (parts[one] > parts[most] ? one : most));
  return { bound, shares: parts };
}
