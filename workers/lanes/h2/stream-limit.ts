/**
 * How many streams one connection may have open. The peer's SETTINGS say it; a peer that refuses streams which they allow
 * (REFUSED_STREAM, docs/facts.md#h2-refused-stream) has less than it says, so that the connection keeps a limit of its
 * own:
 *
 *   none --refused--> what was open beside it, at least 1 --as many answers as the limit--> one more --the peer's is reached, or raised--> none
 */
export class StreamLimit {
  /** Until the peer has answered with its blessing. */
  readonly #start: number;
  /** Whatever the peer allows. */
  readonly #most: number;
  #peer = Number.POSITIVE_INFINITY;
  #own = Number.POSITIVE_INFINITY;
  /** Since #own was last changed. */
  #answers = 0;
  #value: number;
  unlocked = false;

  constructor(start: number, most: number) {
    this.#start = start;
    this.#most = most;
    this.#value = Math.min(start, most);
  }

  /** Now. Can be 0: SETTINGS may say so. */
  get value(): number {
    return this.#value;
  }

  unlock(): void {
    this.unlocked = true;
    this.#update();
  }

  /** SETTINGS_MAX_CONCURRENT_STREAMS. More than before is a word that is newer than what was refused. */
  setPeer(streams: number): void {
    if (streams > this.#peer) this.#own = Number.POSITIVE_INFINITY;
    this.#peer = streams;
    this.#update();
  }

  /** A stream was refused, and `open` are left. If a limit that the peer has just lowered explains it, there are as many as that or more. */
  refused(open: number): void {
    this.#own = Math.max(1, Math.min(this.#own, open));
    this.#answers = 0;
    this.#update();
  }

  answered(): void {
    if (this.#own === Number.POSITIVE_INFINITY) return;
    this.#answers += 1;
    if (this.#answers < this.#own) return;
    this.#answers = 0;
    this.#own += 1;
    if (this.#own >= Math.min(this.#most, this.#peer)) this.#own = Number.POSITIVE_INFINITY;
    this.#update();
  }

  #update(): void {
    this.#value = Math.min(this.unlocked ? this.#most : this.#start, this.#most, this.#peer, this.#own);
  }
}
