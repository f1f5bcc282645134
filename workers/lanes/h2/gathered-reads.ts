import type { Duplex } from 'node:stream';

/*
 * What costs is how many answers a read brings. Where they come one by one, and over many connections, a connection that was read
 * from reads no further until the next turn, when all of them do, one after the other, and then write. The kernel gathers meanwhile.
 * Measured: with 60 connections to nginx a fifth to four fifths more per CPU-second, with 60 x 100 streams at 100 ms a third more.
 */

interface Member {
  reads: GatheredReads;
  mayWait: () => boolean;
}
const members = new WeakMap<Duplex, Member>();

/** Asked after each read. True: the socket must read no further until `resume()`. */
export function waitsForTurn(socket: Duplex): boolean {
  const member = members.get(socket);
  return member !== undefined && member.reads.hold(socket, member.mayWait);
}

/** Fewer bring as much in each read as the core can take. */
const FEWEST_CONNECTIONS = 8;
/** A read that brings so many answers is cheap enough. Gathering doesn't change it: each read is one TLS record, and so the peer's choice. */
const ENOUGH_PER_READ = 8;
/** An answer waits half a turn in the mean. So it has its stream by this part longer: where streams are the bound, by half of it. */
const PART_OF_LATENCY = 1 / 6;
const SHORTEST_TURN_MS = 2;
export const LONGEST_TURN_MS = 16;

/** What was seen since the look before. */
export interface Seen {
  answers: number;
  reads: number;
  ms: number;
  /** Now: requests without an answer, and connections that have some. */
  inFlight: number;
  connections: number;
}

/** How long a turn is to be, ms; 0: reads are not gathered. */
export function turnMs({ answers, reads, ms, inFlight, connections }: Seen): number {
  if (connections < FEWEST_CONNECTIONS || answers === 0 || answers >= reads * ENOUGH_PER_READ) return 0;
  // Little's law: what is under way is the rate times how long each takes.
  const latencyMs = (inFlight / answers) * ms;
  const wanted = Math.floor(latencyMs * PART_OF_LATENCY);
  return wanted < SHORTEST_TURN_MS ? 0 : Math.min(LONGEST_TURN_MS, wanted);
}

/** The sockets of one lane. A socket is held only while there is something to send, and `mayWait` says nobody waits for its next answer. */
export class GatheredReads {
  readonly #turn: () => void;
  readonly #isBusy: () => boolean;
  #everyMs = 0;
  #held: Duplex[] = [];
  #timer: NodeJS.Timeout | null = null;
  #reads = 0;
  #lookedAtMs = performance.now();

  /** `turn`: called when all may read; what they read is there in the next `setImmediate`. `isBusy`: there is something to send. */
  constructor({ turn, isBusy }: { turn: () => void; isBusy: () => boolean }) {
    this.#turn = turn;
    this.#isBusy = isBusy;
  }

  join(socket: Duplex, mayWait: () => boolean): void {
    members.set(socket, { reads: this, mayWait });
  }

  /** From time to time: adapts to what is seen. */
  look(seen: Pick<Seen, 'answers' | 'inFlight' | 'connections'>): void {
    const nowMs = performance.now();
    this.#everyMs = turnMs({ ...seen, reads: this.#reads, ms: nowMs - this.#lookedAtMs });
    this.#reads = 0;
    this.#lookedAtMs = nowMs;
  }

  hold(socket: Duplex, mayWait: () => boolean): boolean {
    this.#reads += 1;
    if (!this.turnComes() || !mayWait()) return false;
    this.#held.push(socket);
    return true;
  }

  /** True: a turn comes soon, so that nobody else must see to what is to be written. */
  turnComes(): boolean {
    if (this.#everyMs === 0 || !this.#isBusy()) return false;
    this.#timer ??= setTimeout(() => this.#release(), this.#everyMs);
    return true;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#everyMs = 0;
    this.#held = [];
  }

  #release(): void {
    this.#timer = null;
    const held = this.#held;
    this.#held = [];
    for (const socket of held) socket.resume();
    this.#turn();
  }
}
